namespace ExBurn.Tests.Layers;

/// <summary>Options of the layers over 1 to 3 dimensions that cannot be right are refused when they are set, with the option's name.</summary>
public sealed class SpatialOptionTests
{
    public static TheoryData<string, Func<Layer>> Wrong => new()
    {
        { "KernelSize", () => new Conv1d(1, 1, 0) },
        { "Stride", () => new Conv1d(1, 1, 3) { Stride = 0 } },
        { "size", () => new Conv1d(1, 1, 3) { Padding = -1 } },
        { "InChannels", () => new Conv3d(0, 1, 3) },
        { "KernelSize", () => new Conv3d(1, 1, (3, 0, 3)) },
        { "size", () => new Conv3d(1, 1, 3) { Padding = (1, -1, 0) } },
        { "OutChannels", () => new ConvTranspose1d(1, 0, 3) },
        { "OutputPadding", () => new ConvTranspose1d(1, 1, 3) { OutputPadding = -1 } },
        { "Padding", () => new ConvTranspose2d(1, 1, 3) { Padding = (0, -1) } },
        { "Dilation", () => new ConvTranspose3d(1, 1, 3) { Dilation = (1, 1, 0) } },
        { "Padding", () => new MaxPool1d(2) { Padding = -1 } },
        { "Stride", () => new MaxPool3d(2) { Stride = (0, 1, 1) } },
        { "Stride", () => new AvgPool1d(2) { Stride = 0 } },
        { "DivisorOverride", () => new AvgPool3d(2) { DivisorOverride = 0 } },
        { "NormType", () => new LPPool1d(0, 2) },
        { "NormType", () => new LPPool2d(double.PositiveInfinity, 2) },
        { "KernelSize", () => new LPPool3d(2, (1, 1, 0)) },
        { "OutputSize", () => new AdaptiveAvgPool1d(0) },
        { "OutputSize", () => new AdaptiveMaxPool3d((null, 0, 1)) },
        { "Value", () => new ConstantPad2d(1, double.NaN) },
        { "Size", () => new Upsample { Size = (3, 0) } },
        { "ScaleFactor", () => new Upsample { ScaleFactor = 0 } },
        { "ScaleFactor", () => new UpsamplingNearest2d { ScaleFactor = (1, double.NaN) } },
        { "Size", () => new UpsamplingBilinear2d { Size = 0 } },
        { "UpscaleFactor", () => new PixelShuffle(0) },
        { "DownscaleFactor", () => new PixelUnshuffle(-1) },
        { "Groups", () => new ChannelShuffle(0) },
        { "Padding", () => new Unfold(2) { Padding = -1 } },
        { "OutputSize", () => new Fold((0, 1), 1) },
    };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void A_wrong_option_is_named(string option, Func<Layer> make)
        => Assert.Equal(option, Assert.Throws<ArgumentOutOfRangeException>(make).ParamName);

    [Fact]
    public void An_upsampling_needs_a_size_or_a_factor()
    {
        using var model = new Sequential(new Upsample { Name = "up" });
        var error = Assert.ThrowsAny<ArgumentException>(() => model.Compile(new SGD(1), Loss.MeanSquaredError()));
        Assert.Contains("expected one of the options 'size' and 'scale_factor'", error.Message, StringComparison.Ordinal);
        Assert.Contains("up", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sizes_read_as_they_are_written()
    {
        Assert.Equal("(3, 2, 1)", new Conv3d(1, 1, (3, 2, 1)).KernelSize.ToString());
        Assert.Equal("same", Padding1.Same.ToString());
        Assert.Equal("(1, 1, 1)", new Conv3d(1, 1, 3) { Padding = 1 }.Padding.ToString());
        Assert.Equal("(null, 2, 3)", new AdaptiveAvgPool3d((null, 2, 3)).OutputSize.ToString());
        Assert.Equal("(1, 2, 0, -1)", new ZeroPad2d((1, 2, 0, -1)).Padding.ToString());
        Assert.Equal("[2, 1.5]", new Upsample { ScaleFactor = (2, 1.5) }.ScaleFactor.ToString());
        Assert.Equal(new Upsample { Size = (3, 4) }, new Upsample { Size = (3, 4) });
        Assert.NotEqual(new Upsample { Size = (3, 4) }, new Upsample { Size = 3 });
    }
}
