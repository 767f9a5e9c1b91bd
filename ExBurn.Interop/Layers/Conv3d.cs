namespace ExBurn;

/// <summary>
/// 3-D convolution (cross-correlation): [N, in, D, H, W] to [N, out, D', H', W'] with
/// D' = ⌊(D + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1, and likewise H' and W'.
/// State: <c>weight</c> [out, in/groups, kernel depth, kernel height, kernel width], <c>bias</c> [out], drawn from U(-1/√fan, 1/√fan).
/// </summary>
/// <param name="InChannels">Channels of the input; a multiple of <see cref="Groups"/>.</param>
/// <param name="OutChannels">Channels of the output; a multiple of <see cref="Groups"/>.</param>
/// <param name="KernelSize">Size of the kernel.</param>
public sealed record Conv3d(int InChannels, int OutChannels, Size3 KernelSize) : Layer
{
    /// <summary>Channels of the input; a multiple of <see cref="Groups"/>.</summary>
    public int InChannels { get; init => field = Check.Positive(value); } = Check.Positive(InChannels);

    /// <summary>Channels of the output; a multiple of <see cref="Groups"/>.</summary>
    public int OutChannels { get; init => field = Check.Positive(value); } = Check.Positive(OutChannels);

    /// <summary>Size of the kernel.</summary>
    public Size3 KernelSize { get; init => field = Check.Positive(value); } = Check.Positive(KernelSize);

    /// <summary>Step of the kernel. Default 1.</summary>
    public Size3 Stride { get; init => field = Check.Positive(value); } = 1;

    /// <summary>Slices, rows and columns added around the input; <see cref="Padding3.Same"/> needs stride 1. Default 0.</summary>
    public Padding3 Padding { get; init; }

    /// <summary>What the padding holds. Default zeros.</summary>
    public PaddingMode PaddingMode { get; init; }

    /// <summary>Distance between the points of the kernel. Default 1.</summary>
    public Size3 Dilation { get; init => field = Check.Positive(value); } = 1;

    /// <summary>Into how many separate groups the channels are divided. Default 1.</summary>
    public int Groups { get; init => field = Check.Positive(value); } = 1;

    /// <summary>Whether a bias is added. Default true.</summary>
    public bool Bias { get; init; } = true;

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("in_channels", InChannels)
        .Add("out_channels", OutChannels)
        .Add("kernel_size", KernelSize)
        .Add("stride", Stride)
        .Add("padding", Padding)
        .Add("dilation", Dilation)
        .Add("groups", Groups)
        .Add("bias", Bias)
        .Add("padding_mode", PaddingMode.NativeName());
}
