namespace ExBurn.Tests.Layers;

/// <summary>Options that cannot be right are refused when they are set, with the option's name.</summary>
public sealed class LayerOptionTests
{
    public static TheoryData<string, Func<Layer>> Wrong => new()
    {
        { "InFeatures", () => new Linear(0, 3) },
        { "OutFeatures", () => new Linear(3, -1) },
        { "OutFeatures", () => new Linear(3, 1) with { OutFeatures = 0 } },
        { "InChannels", () => new Conv2d(0, 1, 3) },
        { "OutChannels", () => new Conv2d(1, 0, 3) },
        { "KernelSize", () => new Conv2d(1, 1, (3, 0)) },
        { "Stride", () => new Conv2d(1, 1, 3) { Stride = 0 } },
        { "Dilation", () => new Conv2d(1, 1, 3) { Dilation = (1, 0) } },
        { "Groups", () => new Conv2d(1, 1, 3) { Groups = 0 } },
        { "size", () => new Conv2d(1, 1, 3) { Padding = -1 } },
        { "KernelSize", () => new MaxPool2d(0) },
        { "Stride", () => new MaxPool2d(2) { Stride = 0 } },
        { "Padding", () => new MaxPool2d(2) { Padding = -1 } },
        { "DivisorOverride", () => new AvgPool2d(2) { DivisorOverride = 0 } },
        { "OutputSize", () => new AdaptiveAvgPool2d((0, null)) },
        { "NumFeatures", () => new BatchNorm2d(0) },
        { "Eps", () => new BatchNorm2d(1) { Eps = -1 } },
        { "Momentum", () => new BatchNorm1d(1) { Momentum = 1.5 } },
        { "NormalizedShape", () => new LayerNorm([3, 0]) },
        { "P", () => new Dropout(1.5) },
        { "P", () => new Dropout(double.NaN) },
        { "NumEmbeddings", () => new Embedding(0, 2) },
        { "EmbeddingDim", () => new Embedding(2, 0) },
        { "NegativeSlope", () => new LeakyReLU(double.NaN) },
        { "NumParameters", () => new PReLU(0) },
        { "Upper", () => new RReLU(0.1, double.NaN) },
        { "Alpha", () => new ELU(double.PositiveInfinity) },
        { "Alpha", () => new CELU(0) },
        { "Beta", () => new Softplus(0) },
        { "MinVal", () => new Hardtanh(double.NaN) },
        { "Lambda", () => new Hardshrink(-0.1) },
        { "Lambda", () => new Softshrink(-0.1) },
        { "Value", () => new Threshold(1, double.NaN) },
        { "P", () => new Dropout2d(-0.1) },
        { "P", () => new AlphaDropout() with { P = 2 } },
        { "P", () => new GaussianDropout(1) },
        { "Std", () => new GaussianNoise(-1) },
        { "NumFeatures", () => new BatchNorm3d(0) },
        { "NumGroups", () => new GroupNorm(0, 4) },
        { "NumChannels", () => new GroupNorm(2, 0) },
        { "Momentum", () => new InstanceNorm1d(1) { Momentum = -0.1 } },
        { "NormalizedShape", () => new RMSNorm([0]) },
        { "Eps", () => new RMSNorm([2]) { Eps = -1 } },
        { "Size", () => new LocalResponseNorm(0) },
        { "In2Features", () => new Bilinear(1, 0, 1) },
        { "Eps", () => new CosineSimilarity() { Eps = double.NaN } },
        { "P", () => new PairwiseDistance(0.5) },
    };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void A_wrong_option_is_named(string option, Func<Layer> make)
        => Assert.Equal(option, Assert.Throws<ArgumentOutOfRangeException>(make).ParamName);

    [Fact]
    public void A_shape_option_needs_a_dimension()
    {
        Assert.Equal("NormalizedShape", Assert.Throws<ArgumentException>(() => new LayerNorm([])).ParamName);
        Assert.Equal("UnflattenedSize", Assert.Throws<ArgumentException>(() => new Unflatten(1, [])).ParamName);
    }
}
