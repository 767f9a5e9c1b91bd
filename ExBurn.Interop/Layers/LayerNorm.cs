namespace ExBurn;

/// <summary>
/// Normalisation of each sample over its last dimensions: y = (x − mean) / √(variance + eps) · weight + bias, variance biased.
/// State: <c>weight</c> of ones and <c>bias</c> of zeros, both of the normalised shape.
/// </summary>
/// <param name="NormalizedShape">The last dimensions of the input, as <c>[64]</c> or <c>[3, 4]</c>.</param>
public sealed record LayerNorm(Shape NormalizedShape) : Layer
{
    /// <summary>The last dimensions of the input, as <c>[64]</c> or <c>[3, 4]</c>.</summary>
    public Shape NormalizedShape { get; init => field = Check.Sizes(value); } = Check.Sizes(NormalizedShape);

    /// <summary>Added to the variance. Default 1e-5.</summary>
    public double Eps { get; init => field = Check.NonNegative(value); } = 1e-5;

    /// <summary>Whether <c>weight</c> and <c>bias</c> are learned. Default true.</summary>
    public bool ElementwiseAffine { get; init; } = true;

    /// <summary>Whether there is a <c>bias</c> beside the weight. Default true.</summary>
    public bool Bias { get; init; } = true;

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("normalized_shape", NormalizedShape)
        .Add("eps", Eps)
        .Add("elementwise_affine", ElementwiseAffine)
        .Add("bias", Bias);
}
