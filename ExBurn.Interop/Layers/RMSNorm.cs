namespace ExBurn;

/// <summary>
/// Scaling of each sample over its last dimensions: y = x / √(mean(x²) + eps) · weight (Zhang and Sennrich 2019).
/// State: <c>weight</c> of ones, of the normalised shape.
/// </summary>
/// <param name="NormalizedShape">The last dimensions of the input, as <c>[64]</c> or <c>[3, 4]</c>.</param>
public sealed record RMSNorm(Shape NormalizedShape) : Layer
{
    /// <summary>The last dimensions of the input, as <c>[64]</c> or <c>[3, 4]</c>.</summary>
    public Shape NormalizedShape { get; init => field = Check.Sizes(value); } = Check.Sizes(NormalizedShape);

    /// <summary>Added to the mean square. Default null: the distance from 1 to the next number of the model's type.</summary>
    public double? Eps { get; init => field = value is { } eps ? Check.NonNegative(eps) : null; }

    /// <summary>Whether <c>weight</c> is learned. Default true.</summary>
    public bool ElementwiseAffine { get; init; } = true;

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("normalized_shape", NormalizedShape)
        .Add("eps", Eps)
        .Add("elementwise_affine", ElementwiseAffine);
}

/// <summary>
/// Scaling of each element by its neighbours in other channels: [N, C, L, ...],
/// y = x / (k + alpha / size · Σ x² over <c>size</c> channels around)^beta (Krizhevsky et al. 2012). No state.
/// </summary>
/// <param name="Size">Number of channels that count.</param>
public sealed record LocalResponseNorm(int Size) : Layer
{
    /// <summary>Number of channels that count; of an even number the larger half lies before the channel.</summary>
    public int Size { get; init => field = Check.Positive(value); } = Check.Positive(Size);

    /// <summary>Weight of the squares. Default 1e-4.</summary>
    public double Alpha { get; init => field = Check.Finite(value); } = 1e-4;

    /// <summary>The exponent. Default 0.75.</summary>
    public double Beta { get; init => field = Check.Finite(value); } = 0.75;

    /// <summary>Added to the squares. Default 1.</summary>
    public double K { get; init => field = Check.Finite(value); } = 1;

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("size", Size)
        .Add("alpha", Alpha)
        .Add("beta", Beta)
        .Add("k", K);
}
