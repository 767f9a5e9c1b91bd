namespace ExBurn;

/// <summary>
/// One step of a recurrent layer: input [N, input] and state [N, hidden] to the new state; all also without a batch.
/// State: <c>weight_ih</c>, <c>weight_hh</c>, <c>bias_ih</c>, <c>bias_hh</c>, gates below each other in PyTorch's order, drawn from
/// U(-1/√hidden, 1/√hidden).
/// </summary>
public abstract record RecurrentCell : Layer
{
    private protected RecurrentCell(int inputSize, int hiddenSize) => (InputSize, HiddenSize) = (inputSize, hiddenSize);

    /// <summary>Features of the input.</summary>
    public int InputSize { get; init => field = Check.Positive(value); }

    /// <summary>Features of a state.</summary>
    public int HiddenSize { get; init => field = Check.Positive(value); }

    /// <summary>Whether biases are added. Default true.</summary>
    public bool Bias { get; init; } = true;

    /// <summary>Whether the state h (and an LSTM's c) are inputs; otherwise they are zeros. Default true.</summary>
    public bool InitialState { get; init; } = true;

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("input_size", InputSize)
        .Add("hidden_size", HiddenSize)
        .Add("bias", Bias)
        .Add("initial_state", InitialState);
}

/// <summary>One step of an <see cref="RNN"/>.</summary>
/// <remarks><inheritdoc cref="RecurrentCell" path="/summary"/></remarks>
/// <param name="InputSize">Features of the input.</param>
/// <param name="HiddenSize">Features of a state.</param>
public sealed record RNNCell(int InputSize, int HiddenSize) : RecurrentCell(InputSize, HiddenSize)
{
    /// <summary>The curve. Default tanh.</summary>
    public RecurrentNonlinearity Nonlinearity { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config.Add("nonlinearity", Nonlinearity.NativeName());
    }
}

/// <summary>One step of an <see cref="LSTM"/>: takes h and c behind the input, gives the new h and, as a second output, the new c.</summary>
/// <remarks><inheritdoc cref="RecurrentCell" path="/summary"/></remarks>
/// <param name="InputSize">Features of the input.</param>
/// <param name="HiddenSize">Features of a state.</param>
public sealed record LSTMCell(int InputSize, int HiddenSize) : RecurrentCell(InputSize, HiddenSize);

/// <summary>One step of a <see cref="GRU"/>.</summary>
/// <remarks><inheritdoc cref="RecurrentCell" path="/summary"/></remarks>
/// <param name="InputSize">Features of the input.</param>
/// <param name="HiddenSize">Features of a state.</param>
public sealed record GRUCell(int InputSize, int HiddenSize) : RecurrentCell(InputSize, HiddenSize);
