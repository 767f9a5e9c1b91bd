namespace ExBurn;

/// <summary>
/// 3-D transposed convolution, the gradient of a convolution with respect to its input: [N, in, D, H, W] to [N, out, D', H', W'] with
/// D' = (D − 1)·stride − 2·padding + dilation·(kernel − 1) + output padding + 1, and likewise H' and W'.
/// State: <c>weight</c> [in, out/groups, kernel depth, kernel height, kernel width], <c>bias</c> [out], drawn from U(-1/√fan, 1/√fan)
/// with fan = out/groups · kernel, as PyTorch counts it.
/// </summary>
/// <param name="InChannels">Channels of the input; a multiple of <see cref="Groups"/>.</param>
/// <param name="OutChannels">Channels of the output; a multiple of <see cref="Groups"/>.</param>
/// <param name="KernelSize">Size of the kernel.</param>
public sealed record ConvTranspose3d(int InChannels, int OutChannels, Size3 KernelSize) : Layer
{
    /// <summary>Channels of the input; a multiple of <see cref="Groups"/>.</summary>
    public int InChannels { get; init => field = Check.Positive(value); } = Check.Positive(InChannels);

    /// <summary>Channels of the output; a multiple of <see cref="Groups"/>.</summary>
    public int OutChannels { get; init => field = Check.Positive(value); } = Check.Positive(OutChannels);

    /// <summary>Size of the kernel.</summary>
    public Size3 KernelSize { get; init => field = Check.Positive(value); } = Check.Positive(KernelSize);

    /// <summary>Distance of neighbouring inputs in the output. Default 1.</summary>
    public Size3 Stride { get; init => field = Check.Positive(value); } = 1;

    /// <summary>Slices, rows and columns taken away on each side of the output. Default 0.</summary>
    public Size3 Padding { get; init => field = Check.NonNegative(value); }

    /// <summary>Slices, rows and columns added at the end of the output; less than the stride or the dilation. Default 0.</summary>
    public Size3 OutputPadding { get; init => field = Check.NonNegative(value); }

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
        .Add("output_padding", OutputPadding)
        .Add("dilation", Dilation)
        .Add("groups", Groups)
        .Add("bias", Bias);
}
