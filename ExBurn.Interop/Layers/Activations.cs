namespace ExBurn;

/// <summary>max(0, x), element by element. Any shape, no state.</summary>
public sealed record ReLU : Layer;

/// <summary>x where positive, slope · x elsewhere. Any shape, no state.</summary>
/// <param name="NegativeSlope">Slope below zero.</param>
public sealed record LeakyReLU(double NegativeSlope = 0.01) : Layer
{
    /// <summary>Slope below zero. Default 0.01.</summary>
    public double NegativeSlope { get; init => field = Check.Finite(value); } = Check.Finite(NegativeSlope);

    internal override void WriteConfig(ConfigWriter config) => config.Add("negative_slope", NegativeSlope);
}

/// <summary>How <see cref="GELU"/> is computed.</summary>
public enum GeluApproximation
{
    /// <summary>Exactly, with the error function.</summary>
    None,

    /// <summary>0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))).</summary>
    Tanh,
}

/// <summary>x · Φ(x), Φ the normal distribution function. Any shape, no state.</summary>
/// <param name="Approximate">How it is computed.</param>
public sealed record GELU(GeluApproximation Approximate = GeluApproximation.None) : Layer
{
    internal override void WriteConfig(ConfigWriter config) => config
        .Add("approximate", Approximate == GeluApproximation.Tanh ? "tanh" : "none");
}

/// <summary>x · sigmoid(x), also called Swish. Any shape, no state.</summary>
public sealed record SiLU : Layer;

/// <summary>1 / (1 + exp(−x)). Any shape, no state.</summary>
public sealed record Sigmoid : Layer;

/// <summary>Hyperbolic tangent. Any shape, no state.</summary>
public sealed record Tanh : Layer;

/// <summary>exp(x) divided by its sum along a dimension. Any shape, no state.</summary>
/// <param name="Dim">Dimension whose elements sum to one; negative counts from the last.</param>
public sealed record Softmax(int Dim) : Layer
{
    internal override void WriteConfig(ConfigWriter config) => config.Add("dim", Dim);
}

/// <summary>Logarithm of <see cref="Softmax"/>, computed stably. Any shape, no state.</summary>
/// <param name="Dim">Dimension whose exponentials sum to one; negative counts from the last.</param>
public sealed record LogSoftmax(int Dim) : Layer
{
    internal override void WriteConfig(ConfigWriter config) => config.Add("dim", Dim);
}
