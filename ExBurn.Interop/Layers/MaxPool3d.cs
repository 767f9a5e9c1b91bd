namespace ExBurn;

/// <summary>Largest value of each window: [N, C, D, H, W] to [N, C, D', H', W']. No state.</summary>
/// <param name="KernelSize">Size of the window.</param>
public sealed record MaxPool3d(Size3 KernelSize) : Layer
{
    /// <summary>Size of the window.</summary>
    public Size3 KernelSize { get; init => field = Check.Positive(value); } = Check.Positive(KernelSize);

    /// <summary>Step of the window. Default: the kernel size.</summary>
    public Size3? Stride { get; init => field = Check.Positive(value); }

    /// <summary>Slices, rows and columns of minus infinity on each side, at most half the kernel. Default 0.</summary>
    public Size3 Padding { get; init => field = Check.NonNegative(value); }

    /// <summary>Distance between the points of the window. Default 1.</summary>
    public Size3 Dilation { get; init => field = Check.Positive(value); } = 1;

    /// <summary>Whether a last, partial window counts. Default false.</summary>
    public bool CeilMode { get; init; }

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("kernel_size", KernelSize)
        .Add("stride", Stride)
        .Add("padding", Padding)
        .Add("dilation", Dilation)
        .Add("ceil_mode", CeilMode);
}
