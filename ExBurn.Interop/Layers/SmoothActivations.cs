namespace ExBurn;

/// <summary>x · sigmoid(1.702 x), an approximation of <see cref="GELU"/>. Any shape, no state.</summary>
public sealed record QuickGELU : Layer;

/// <summary>x · tanh(ln(1 + exp(x))). Any shape, no state.</summary>
public sealed record Mish : Layer;

/// <summary>ln(sigmoid(x)), computed stably. Any shape, no state.</summary>
public sealed record LogSigmoid : Layer;

/// <summary>ln(1 + exp(beta · x)) / beta, and x where beta · x is above a threshold. Any shape, no state.</summary>
/// <param name="Beta">Sharpness of the bend; above 0.</param>
/// <param name="Threshold">Above it the function is the identity.</param>
public sealed record Softplus(double Beta = 1, double Threshold = 20) : Layer
{
    /// <summary>Sharpness of the bend; above 0. Default 1.</summary>
    public double Beta { get; init => field = Check.Positive(value); } = Check.Positive(Beta);

    /// <summary>Above it the function is the identity. Default 20.</summary>
    public double Threshold { get; init => field = Check.Finite(value); } = Check.Finite(Threshold);

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("beta", Beta)
        .Add("threshold", Threshold);
}

/// <summary>x / (1 + |x|). Any shape, no state.</summary>
public sealed record Softsign : Layer;

/// <summary>x − tanh(x). Any shape, no state.</summary>
public sealed record Tanhshrink : Layer;

/// <summary>Softmax of −x along a dimension. Any shape, no state.</summary>
/// <param name="Dim">Dimension whose elements sum to one; negative counts from the last.</param>
public sealed record Softmin(int Dim) : Layer
{
    internal override void WriteConfig(ConfigWriter config) => config.Add("dim", Dim);
}

/// <summary>Softmax over the channels of [N, C, H, W] or [C, H, W]. No state.</summary>
public sealed record Softmax2d : Layer;
