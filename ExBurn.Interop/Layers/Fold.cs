namespace ExBurn;

/// <summary>
/// The windows of images as columns: [N, C, H, W] to [N, C · kernel height · kernel width, windows], windows row by row. No state.
/// </summary>
/// <param name="KernelSize">Size of the windows.</param>
public sealed record Unfold(Size2 KernelSize) : Layer
{
    /// <summary>Size of the windows.</summary>
    public Size2 KernelSize { get; init => field = Check.Positive(value); } = Check.Positive(KernelSize);

    /// <summary>Distance between the points of a window. Default 1.</summary>
    public Size2 Dilation { get; init => field = Check.Positive(value); } = 1;

    /// <summary>Rows and columns of zeros on each side. Default 0.</summary>
    public Size2 Padding { get; init => field = Check.NonNegative(value); }

    /// <summary>Step of the windows. Default 1.</summary>
    public Size2 Stride { get; init => field = Check.Positive(value); } = 1;

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("kernel_size", KernelSize)
        .Add("dilation", Dilation)
        .Add("padding", Padding)
        .Add("stride", Stride);
}

/// <summary>
/// Images from their windows, the reverse of <see cref="Unfold"/>: [N, C · kernel height · kernel width, windows] to
/// [N, C, height, width]; where windows overlap, they are added. No state.
/// </summary>
/// <param name="OutputSize">Height and width of the images.</param>
/// <param name="KernelSize">Size of the windows.</param>
public sealed record Fold(Size2 OutputSize, Size2 KernelSize) : Layer
{
    /// <summary>Height and width of the images.</summary>
    public Size2 OutputSize { get; init => field = Check.Positive(value); } = Check.Positive(OutputSize);

    /// <summary>Size of the windows.</summary>
    public Size2 KernelSize { get; init => field = Check.Positive(value); } = Check.Positive(KernelSize);

    /// <summary>Distance between the points of a window. Default 1.</summary>
    public Size2 Dilation { get; init => field = Check.Positive(value); } = 1;

    /// <summary>Rows and columns of padding on each side that the windows reach over. Default 0.</summary>
    public Size2 Padding { get; init => field = Check.NonNegative(value); }

    /// <summary>Step of the windows. Default 1.</summary>
    public Size2 Stride { get; init => field = Check.Positive(value); } = 1;

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("output_size", OutputSize)
        .Add("kernel_size", KernelSize)
        .Add("dilation", Dilation)
        .Add("padding", Padding)
        .Add("stride", Stride);
}
