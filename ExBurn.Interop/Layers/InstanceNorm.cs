namespace ExBurn;

/// <summary>
/// Normalisation of every channel of every sample: y = (x − mean) / √(variance + eps) · weight + bias, variance biased. With
/// running statistics, training moves them towards the batch's mean ones (variance unbiased) and everything else uses them.
/// State, where asked for: <c>weight</c> [C] of ones, <c>bias</c> [C] of zeros; <c>running_mean</c>, <c>running_var</c>,
/// <c>num_batches_tracked</c> (0, as in PyTorch).
/// </summary>
public abstract record InstanceNorm : Layer
{
    private protected InstanceNorm(int numFeatures) => NumFeatures = numFeatures;

    /// <summary>Channels C of the input.</summary>
    public int NumFeatures { get; init => field = Check.Positive(value); }

    /// <summary>Added to the variance. Default 1e-5.</summary>
    public double Eps { get; init => field = Check.NonNegative(value); } = 1e-5;

    /// <summary>Weight of the batch's statistics in the running ones; null leaves those as they are. Default 0.1.</summary>
    public double? Momentum { get; init => field = value is { } share ? Check.Probability(share) : null; } = 0.1;

    /// <summary>Whether <c>weight</c> and <c>bias</c> are learned. Default false.</summary>
    public bool Affine { get; init; }

    /// <summary>Whether running statistics are kept; without them the sample's are always used. Default false.</summary>
    public bool TrackRunningStats { get; init; }

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("num_features", NumFeatures)
        .Add("eps", Eps)
        .Add("momentum", Momentum)
        .Add("affine", Affine)
        .Add("track_running_stats", TrackRunningStats);
}

/// <summary>Instance normalisation of [N, C, L] or [C, L].</summary>
/// <remarks><inheritdoc cref="InstanceNorm" path="/summary"/></remarks>
/// <param name="NumFeatures">Channels C of the input.</param>
public sealed record InstanceNorm1d(int NumFeatures) : InstanceNorm(NumFeatures);

/// <summary>Instance normalisation of [N, C, H, W] or [C, H, W].</summary>
/// <remarks><inheritdoc cref="InstanceNorm" path="/summary"/></remarks>
/// <param name="NumFeatures">Channels C of the input.</param>
public sealed record InstanceNorm2d(int NumFeatures) : InstanceNorm(NumFeatures);

/// <summary>Instance normalisation of [N, C, D, H, W] or [C, D, H, W].</summary>
/// <remarks><inheritdoc cref="InstanceNorm" path="/summary"/></remarks>
/// <param name="NumFeatures">Channels C of the input.</param>
public sealed record InstanceNorm3d(int NumFeatures) : InstanceNorm(NumFeatures);
