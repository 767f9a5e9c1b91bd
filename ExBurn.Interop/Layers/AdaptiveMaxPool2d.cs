namespace ExBurn;

/// <summary>Largest value over windows chosen so that the result has a given size: [N, C, H, W] to [N, C, height, width]. No state.</summary>
/// <param name="OutputSize">Height and width of the result; null keeps the input's.</param>
public sealed record AdaptiveMaxPool2d(OutputSize2 OutputSize) : Layer
{
    /// <summary>Height and width of the result; null keeps the input's.</summary>
    public OutputSize2 OutputSize { get; init => field = Check.Positive(value); } = Check.Positive(OutputSize);

    internal override void WriteConfig(ConfigWriter config) => config
        .AddSizes("output_size", OutputSize.Height, OutputSize.Width);
}
