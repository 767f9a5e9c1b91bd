namespace ExBurn;

/// <summary>
/// One step of a model: a description with PyTorch's options and defaults, no weights. The same record may be used in many
/// models. Options are checked when they are set; shapes are checked when the model is compiled.
/// </summary>
public abstract partial record Layer : Component
{
    private protected Layer()
    {
    }

    /// <summary>
    /// Name in the model, in state files and in errors (<c>fc1</c> gives <c>fc1.weight</c>).
    /// Default: the layer's position in a <see cref="Sequential"/>.
    /// </summary>
    public string? Name { get; init; }

    /// <summary>Whether its parameters are trained; <see cref="Model.Freeze"/> and <see cref="Model.Unfreeze"/> change it later. Default true.</summary>
    public bool Trainable { get; init; } = true;

    /// <summary>
    /// First values of parameters that differ from PyTorch's defaults:
    /// <c>Initializers = [("weight", Initializer.KaimingNormal()), ("bias", Initializer.Zeros)]</c>. Of several that match a
    /// parameter the last counts; one that matches none is an error when the model is built. Default: none.
    /// </summary>
    public ValueArray<ParameterInitializer> Initializers { get; init; }

    /// <summary>The shape of one input sample where the options alone fix it; null otherwise.</summary>
    internal virtual Shape? SampleShape => null;
}
