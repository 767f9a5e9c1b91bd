namespace ExBurn;

/// <summary>
/// A recurrent layer over sequences: [L, N, input] ([N, L, input] with <see cref="BatchFirst"/>, [L, input] without a batch) to all hidden
/// states of the last layer, [.., directions · state]. Further outputs: the last hidden states h_n of all layers
/// [layers · directions, N, state] and, of an <see cref="LSTM"/>, the last cell states c_n [layers · directions, N, hidden];
/// a <see cref="Sequential"/> passes on the first output.
/// State, per layer l (and again with <c>_reverse</c>): <c>weight_ih_l</c>, <c>weight_hh_l</c>, <c>bias_ih_l</c>, <c>bias_hh_l</c>, gates below each
/// other in PyTorch's order, drawn from U(-1/√hidden, 1/√hidden).
/// </summary>
public abstract record RecurrentLayer : Layer
{
    private protected RecurrentLayer(int inputSize, int hiddenSize) => (InputSize, HiddenSize) = (inputSize, hiddenSize);

    /// <summary>Features of an element of the sequence.</summary>
    public int InputSize { get; init => field = Check.Positive(value); }

    /// <summary>Features of a hidden state.</summary>
    public int HiddenSize { get; init => field = Check.Positive(value); }

    /// <summary>Layers above each other, each reading the hidden states of the one below. Default 1.</summary>
    public int Layers { get; init => field = Check.Positive(value); } = 1;

    /// <summary>Whether each layer also runs from the last element to the first; both results stand side by side. Default false.</summary>
    public bool Bidirectional { get; init; }

    /// <summary>Whether biases are added. Default true.</summary>
    public bool Bias { get; init; } = true;

    /// <summary>Probability of zero, in training, of every element that goes from one layer to the next, from 0 to 1. Default 0.</summary>
    public double Dropout { get; init => field = Check.Probability(value); }

    /// <summary>Whether the batch comes before time, [N, L, ..]. Default false.</summary>
    public bool BatchFirst { get; init; }

    /// <summary>
    /// Whether the first hidden states h_0 (and an LSTM's first cell states c_0), of the shapes of h_n and c_n, are inputs
    /// behind the sequence; otherwise they are zeros. Default false.
    /// </summary>
    public bool InitialState { get; init; }

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("input_size", InputSize)
        .Add("hidden_size", HiddenSize)
        .Add("num_layers", Layers)
        .Add("bidirectional", Bidirectional)
        .Add("bias", Bias)
        .Add("dropout", Dropout)
        .Add("batch_first", BatchFirst)
        .Add("initial_state", InitialState);
}

/// <summary>The curve of an <see cref="RNN"/>.</summary>
public enum RecurrentNonlinearity
{
    /// <summary>Hyperbolic tangent.</summary>
    Tanh,

    /// <summary>max(0, x).</summary>
    ReLU,
}

internal static class RecurrentNonlinearities
{
    public static string NativeName(this RecurrentNonlinearity curve) => curve == RecurrentNonlinearity.ReLU ? "relu" : "tanh";
}

/// <summary>Elman's recurrent layer: h' = tanh(W_ih x + b_ih + W_hh h + b_hh).</summary>
/// <remarks><inheritdoc cref="RecurrentLayer" path="/summary"/></remarks>
/// <param name="InputSize">Features of an element of the sequence.</param>
/// <param name="HiddenSize">Features of a hidden state.</param>
public sealed record RNN(int InputSize, int HiddenSize) : RecurrentLayer(InputSize, HiddenSize)
{
    /// <summary>The curve. Default tanh.</summary>
    public RecurrentNonlinearity Nonlinearity { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config.Add("nonlinearity", Nonlinearity.NativeName());
    }
}

/// <summary>
/// Long short-term memory, gates i, f, g, o: c' = σ(f) c + σ(i) tanh(g), h' = σ(o) tanh(c').
/// </summary>
/// <remarks><inheritdoc cref="RecurrentLayer" path="/summary"/></remarks>
/// <param name="InputSize">Features of an element of the sequence.</param>
/// <param name="HiddenSize">Features of a cell state, and of a hidden state unless it is projected.</param>
public sealed record LSTM(int InputSize, int HiddenSize) : RecurrentLayer(InputSize, HiddenSize)
{
    /// <summary>
    /// Features of a hidden state after a projection <c>weight_hr_l</c> [size, hidden]; 0 is none. Less than the hidden size.
    /// Default 0.
    /// </summary>
    public int ProjectionSize { get; init => field = Check.AtLeast(0, value); }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config.Add("proj_size", ProjectionSize);
    }
}

/// <summary>
/// Gated recurrent unit, gates r, z, n: n = tanh(W_in x + b_in + σ(r) (W_hn h + b_hn)), h' = (1 − σ(z)) n + σ(z) h.
/// </summary>
/// <remarks><inheritdoc cref="RecurrentLayer" path="/summary"/></remarks>
/// <param name="InputSize">Features of an element of the sequence.</param>
/// <param name="HiddenSize">Features of a hidden state.</param>
public sealed record GRU(int InputSize, int HiddenSize) : RecurrentLayer(InputSize, HiddenSize);
