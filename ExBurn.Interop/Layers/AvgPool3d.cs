namespace ExBurn;

/// <summary>Mean of each window: [N, C, D, H, W] to [N, C, D', H', W']. No state.</summary>
/// <param name="KernelSize">Size of the window.</param>
public sealed record AvgPool3d(Size3 KernelSize) : Layer
{
    /// <summary>Size of the window.</summary>
    public Size3 KernelSize { get; init => field = Check.Positive(value); } = Check.Positive(KernelSize);

    /// <summary>Step of the window. Default: the kernel size.</summary>
    public Size3? Stride { get; init => field = Check.Positive(value); }

    /// <summary>Slices, rows and columns of zeros on each side, at most half the kernel. Default 0.</summary>
    public Size3 Padding { get; init => field = Check.NonNegative(value); }

    /// <summary>Whether a last, partial window counts. Default false.</summary>
    public bool CeilMode { get; init; }

    /// <summary>Whether the padding's zeros count in the mean. Default true.</summary>
    public bool CountIncludePad { get; init; } = true;

    /// <summary>Divides the sum of a window instead of its size. Default null: the size.</summary>
    public int? DivisorOverride { get; init => field = Check.Positive(value); }

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("kernel_size", KernelSize)
        .Add("stride", Stride)
        .Add("padding", Padding)
        .Add("ceil_mode", CeilMode)
        .Add("count_include_pad", CountIncludePad)
        .Add("divisor_override", DivisorOverride);
}
