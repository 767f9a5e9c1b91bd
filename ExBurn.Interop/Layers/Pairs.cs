namespace ExBurn;

/// <summary>
/// A bilinear form of two inputs, <c>y = x₁ᵀ W x₂ + b</c>: [..., in1] and [..., in2], equal before the last dimension, to
/// [..., out]. State: <c>weight</c> [out, in1, in2], <c>bias</c> [out], both drawn from U(-1/√in1, 1/√in1).
/// </summary>
/// <param name="In1Features">Size of the last dimension of the first input.</param>
/// <param name="In2Features">Size of the last dimension of the second input.</param>
/// <param name="OutFeatures">Size of the last dimension of the output.</param>
public sealed record Bilinear(int In1Features, int In2Features, int OutFeatures) : Layer
{
    /// <summary>Size of the last dimension of the first input.</summary>
    public int In1Features { get; init => field = Check.Positive(value); } = Check.Positive(In1Features);

    /// <summary>Size of the last dimension of the second input.</summary>
    public int In2Features { get; init => field = Check.Positive(value); } = Check.Positive(In2Features);

    /// <summary>Size of the last dimension of the output.</summary>
    public int OutFeatures { get; init => field = Check.Positive(value); } = Check.Positive(OutFeatures);

    /// <summary>Whether a bias is added. Default true.</summary>
    public bool Bias { get; init; } = true;

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("in1_features", In1Features)
        .Add("in2_features", In2Features)
        .Add("out_features", OutFeatures)
        .Add("bias", Bias);
}

/// <summary>
/// Cosine of the angle between two inputs along a dimension, which goes:
/// Σ x₁ x₂ / (max(‖x₁‖, eps) · max(‖x₂‖, eps)). The inputs broadcast. No state.
/// </summary>
/// <param name="Dim">Dimension of the vectors; negative counts from the last.</param>
public sealed record CosineSimilarity(int Dim = 1) : Layer
{
    /// <summary>Least length that counts. Default 1e-8.</summary>
    public double Eps { get; init => field = Check.NonNegative(value); } = 1e-8;

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("dim", Dim)
        .Add("eps", Eps);
}

/// <summary>
/// Distance between two inputs, the p-norm of x₁ − x₂ + eps over the last dimension, which goes. The inputs broadcast. No state.
/// </summary>
/// <param name="P">Order of the norm, at least 1; <see cref="double.PositiveInfinity"/> takes the largest element.</param>
public sealed record PairwiseDistance(double P = 2) : Layer
{
    /// <summary>Order of the norm, at least 1; <see cref="double.PositiveInfinity"/> takes the largest element. Default 2.</summary>
    public double P { get; init => field = Check.AtLeast(1.0, value); } = Check.AtLeast(1.0, P);

    /// <summary>Added to every difference. Default 1e-6.</summary>
    public double Eps { get; init => field = Check.NonNegative(value); } = 1e-6;

    /// <summary>Whether the last dimension stays, with size 1. Default false.</summary>
    public bool KeepDim { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        config = double.IsPositiveInfinity(P) ? config.Add("p", "inf") : config.Add("p", P);
        config.Add("eps", Eps).Add("keepdim", KeepDim);
    }
}
