namespace ExBurn;

/// <summary>Mean of each window: [N, C, L] to [N, C, L']. No state.</summary>
/// <param name="KernelSize">Size of the window.</param>
public sealed record AvgPool1d(int KernelSize) : Layer
{
    /// <summary>Size of the window.</summary>
    public int KernelSize { get; init => field = Check.Positive(value); } = Check.Positive(KernelSize);

    /// <summary>Step of the window. Default: the kernel size.</summary>
    public int? Stride { get; init => field = Check.Positive(value); }

    /// <summary>Elements of zeros on each side, at most half the kernel. Default 0.</summary>
    public int Padding { get; init => field = Check.AtLeast(0, value); }

    /// <summary>Whether a last, partial window counts. Default false.</summary>
    public bool CeilMode { get; init; }

    /// <summary>Whether the padding's zeros count in the mean. Default true.</summary>
    public bool CountIncludePad { get; init; } = true;

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("kernel_size", KernelSize)
        .Add("stride", Stride)
        .Add("padding", Padding)
        .Add("ceil_mode", CeilMode)
        .Add("count_include_pad", CountIncludePad);
}
