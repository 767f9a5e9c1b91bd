namespace ExBurn;

/// <summary>Which side of a layer <see cref="Initializer.KaimingNormal"/> keeps the variance of.</summary>
public enum FanMode
{
    /// <summary>The inputs: keeps the variance of values in the forward pass.</summary>
    FanIn,

    /// <summary>The outputs: keeps the variance of gradients in the backward pass.</summary>
    FanOut,
}

/// <summary>What follows a layer; decides a <see cref="Initializer.Gain"/>.</summary>
public enum Nonlinearity
{
    /// <summary>Nothing.</summary>
    Linear,

    /// <summary>The logistic function.</summary>
    Sigmoid,

    /// <summary>Hyperbolic tangent.</summary>
    Tanh,

    /// <summary>max(0, x).</summary>
    ReLU,

    /// <summary>x where positive, slope · x elsewhere.</summary>
    LeakyReLU,

    /// <summary>The self-normalising unit.</summary>
    SELU,
}

/// <summary>An initializer for parameters of a layer; a pair converts: <c>("weight", Initializer.XavierUniform())</c>.</summary>
/// <param name="Parameter">Name within the layer (<c>weight</c>), or a pattern with <c>*</c> and <c>?</c> (<c>weight_hh_*</c>).</param>
/// <param name="Initializer">How they get their first values.</param>
public sealed record ParameterInitializer(string Parameter, Initializer Initializer)
{
    /// <summary>Name within the layer (<c>weight</c>), or a pattern with <c>*</c> and <c>?</c> (<c>weight_hh_*</c>).</summary>
    public string Parameter { get; init => field = Check.NotNull(value); } = Check.NotNull(Parameter);

    /// <summary>How they get their first values.</summary>
    public Initializer Initializer { get; init => field = Check.NotNull(value); } = Check.NotNull(Initializer);

    /// <summary>From a name, or pattern, and an initializer.</summary>
    public static implicit operator ParameterInitializer((string Parameter, Initializer Initializer) pair)
        => new(pair.Parameter, pair.Initializer);
}
