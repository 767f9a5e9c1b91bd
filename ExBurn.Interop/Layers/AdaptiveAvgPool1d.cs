namespace ExBurn;

/// <summary>Mean over windows chosen so that the result has a given size: [N, C, L] to [N, C, length]. No state.</summary>
/// <param name="OutputSize">Length of the result; null keeps the input's.</param>
public sealed record AdaptiveAvgPool1d(int? OutputSize) : Layer
{
    /// <summary>Length of the result; null keeps the input's.</summary>
    public int? OutputSize { get; init => field = Check.Positive(value); } = Check.Positive(OutputSize);

    internal override void WriteConfig(ConfigWriter config) => config
        .AddSizes("output_size", OutputSize);
}
