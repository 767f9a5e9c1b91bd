namespace ExBurn;

/// <summary>
/// Normalisation of each sample over groups of channels: [N, C, ...], y = (x − mean) / √(variance + eps) · weight + bias,
/// variance biased. State: <c>weight</c> [C] of ones, <c>bias</c> [C] of zeros.
/// </summary>
/// <param name="NumGroups">Into how many groups the channels are divided.</param>
/// <param name="NumChannels">Channels C of the input; a multiple of the groups.</param>
public sealed record GroupNorm(int NumGroups, int NumChannels) : Layer
{
    /// <summary>Into how many groups the channels are divided.</summary>
    public int NumGroups { get; init => field = Check.Positive(value); } = Check.Positive(NumGroups);

    /// <summary>Channels C of the input; a multiple of the groups.</summary>
    public int NumChannels { get; init => field = Check.Positive(value); } = Check.Positive(NumChannels);

    /// <summary>Added to the variance. Default 1e-5.</summary>
    public double Eps { get; init => field = Check.NonNegative(value); } = 1e-5;

    /// <summary>Whether <c>weight</c> and <c>bias</c> are learned. Default true.</summary>
    public bool Affine { get; init; } = true;

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("num_groups", NumGroups)
        .Add("num_channels", NumChannels)
        .Add("eps", Eps)
        .Add("affine", Affine);
}
