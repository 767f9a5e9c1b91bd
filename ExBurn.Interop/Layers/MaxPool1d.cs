namespace ExBurn;

/// <summary>Largest value of each window: [N, C, L] to [N, C, L']. No state.</summary>
/// <param name="KernelSize">Size of the window.</param>
public sealed record MaxPool1d(int KernelSize) : Layer
{
    /// <summary>Size of the window.</summary>
    public int KernelSize { get; init => field = Check.Positive(value); } = Check.Positive(KernelSize);

    /// <summary>Step of the window. Default: the kernel size.</summary>
    public int? Stride { get; init => field = Check.Positive(value); }

    /// <summary>Elements of minus infinity on each side, at most half the kernel. Default 0.</summary>
    public int Padding { get; init => field = Check.AtLeast(0, value); }

    /// <summary>Distance between the points of the window. Default 1.</summary>
    public int Dilation { get; init => field = Check.Positive(value); } = 1;

    /// <summary>Whether a last, partial window counts. Default false.</summary>
    public bool CeilMode { get; init; }

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("kernel_size", KernelSize)
        .Add("stride", Stride)
        .Add("padding", Padding)
        .Add("dilation", Dilation)
        .Add("ceil_mode", CeilMode);
}
