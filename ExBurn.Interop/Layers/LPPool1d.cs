namespace ExBurn;

/// <summary>
/// Power mean of each window, (Σ xᵖ)^(1/p): [N, C, L] to [N, C, L']. No state. The sum is the window's mean
/// times the kernel's size, as in PyTorch; a negative sum gives NaN, a sum of zero has gradient zero.
/// </summary>
/// <param name="NormType">The exponent p, above 0.</param>
/// <param name="KernelSize">Size of the window.</param>
public sealed record LPPool1d(double NormType, int KernelSize) : Layer
{
    /// <summary>The exponent p, above 0: 1 sums, 2 is the Euclidean norm.</summary>
    public double NormType { get; init => field = Check.Positive(value); } = Check.Positive(NormType);

    /// <summary>Size of the window.</summary>
    public int KernelSize { get; init => field = Check.Positive(value); } = Check.Positive(KernelSize);

    /// <summary>Step of the window. Default: the kernel size.</summary>
    public int? Stride { get; init => field = Check.Positive(value); }

    /// <summary>Whether a last, partial window counts. Default false.</summary>
    public bool CeilMode { get; init; }

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("norm_type", NormType)
        .Add("kernel_size", KernelSize)
        .Add("stride", Stride)
        .Add("ceil_mode", CeilMode);
}
