namespace ExBurn;

/// <summary>Largest value over windows chosen so that the result has a given size: [N, C, D, H, W] to [N, C, depth, height, width]. No state.</summary>
/// <param name="OutputSize">Depth, height and width of the result; null keeps the input's.</param>
public sealed record AdaptiveMaxPool3d(OutputSize3 OutputSize) : Layer
{
    /// <summary>Depth, height and width of the result; null keeps the input's.</summary>
    public OutputSize3 OutputSize { get; init => field = Check.Positive(value); } = Check.Positive(OutputSize);

    internal override void WriteConfig(ConfigWriter config) => config
        .AddSizes("output_size", OutputSize.Depth, OutputSize.Height, OutputSize.Width);
}
