namespace ExBurn;

/// <summary>
/// Normalisation over the batch, per channel: y = (x − mean) / √(variance + eps) · weight + bias. Training uses the batch's
/// statistics and updates the running ones (variance unbiased); otherwise the running ones are used.
/// State: <c>weight</c> [C] of ones, <c>bias</c> [C] of zeros, <c>running_mean</c>, <c>running_var</c>, <c>num_batches_tracked</c>.
/// </summary>
public abstract record BatchNorm : Layer
{
    private protected BatchNorm(int numFeatures) => NumFeatures = numFeatures;

    /// <summary>Channels C of the input.</summary>
    public int NumFeatures { get; init => field = Check.Positive(value); }

    /// <summary>Added to the variance. Default 1e-5.</summary>
    public double Eps { get; init => field = Check.NonNegative(value); } = 1e-5;

    /// <summary>Weight of the batch's statistics in the running ones; null takes the plain mean over all batches. Default 0.1.</summary>
    public double? Momentum { get; init => field = value is { } share ? Check.Probability(share) : null; } = 0.1;

    /// <summary>Whether <c>weight</c> and <c>bias</c> are learned. Default true.</summary>
    public bool Affine { get; init; } = true;

    /// <summary>Whether running statistics are kept; without them the batch's are always used. Default true.</summary>
    public bool TrackRunningStats { get; init; } = true;

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("num_features", NumFeatures)
        .Add("eps", Eps)
        .Add("momentum", Momentum)
        .Add("affine", Affine)
        .Add("track_running_stats", TrackRunningStats);
}

/// <summary>Batch normalisation of [N, C] or [N, C, L].</summary>
/// <remarks><inheritdoc cref="BatchNorm" path="/summary"/></remarks>
/// <param name="NumFeatures">Channels C of the input.</param>
public sealed record BatchNorm1d(int NumFeatures) : BatchNorm(NumFeatures);

/// <summary>Batch normalisation of [N, C, H, W].</summary>
/// <remarks><inheritdoc cref="BatchNorm" path="/summary"/></remarks>
/// <param name="NumFeatures">Channels C of the input.</param>
public sealed record BatchNorm2d(int NumFeatures) : BatchNorm(NumFeatures);

/// <summary>Batch normalisation of [N, C, D, H, W].</summary>
/// <remarks><inheritdoc cref="BatchNorm" path="/summary"/></remarks>
/// <param name="NumFeatures">Channels C of the input.</param>
public sealed record BatchNorm3d(int NumFeatures) : BatchNorm(NumFeatures);
