namespace ExBurn.Models.Zoo;

/// <summary>
/// Residual networks (He et al., 2015) with the names and layouts of <c>torchvision.models</c>: its files load as they are.
/// Input <c>image</c> [N, channels, H, W], 224 × 224 in the paper; output <c>logits</c> [N, classes].
/// </summary>
public static class ResNet
{
    /// <summary>18 layers, 11,689,512 parameters for 1000 classes and 3 channels.</summary>
    /// <param name="classes">Number of classes.</param>
    /// <param name="channels">Channels of the image.</param>
    public static GraphModel ResNet18(int classes = 1000, int channels = 3) => Build(classes, channels, false, [2, 2, 2, 2]);

    /// <summary>34 layers, 21,797,672 parameters for 1000 classes and 3 channels.</summary>
    /// <inheritdoc cref="ResNet18" path="/param"/>
    public static GraphModel ResNet34(int classes = 1000, int channels = 3) => Build(classes, channels, false, [3, 4, 6, 3]);

    /// <summary>50 layers with bottlenecks, 25,557,032 parameters for 1000 classes and 3 channels.</summary>
    /// <inheritdoc cref="ResNet18" path="/param"/>
    public static GraphModel ResNet50(int classes = 1000, int channels = 3) => Build(classes, channels, true, [3, 4, 6, 3]);

    private static GraphModel Build(int classes, int channels, bool bottleneck, int[] blocks)
    {
        var g = new Graph();
        var x = g.Input("image", channels, -1, -1)
            .Apply(Convolution(channels, 64, 7, 2), "conv1")
            .Apply(new BatchNorm2d(64), "bn1")
            .Apply(new ReLU(), "relu")
            .Apply(new MaxPool2d(3) { Stride = 2, Padding = 1 }, "maxpool");
        var width = 64;
        for (var stage = 0; stage < blocks.Length; stage++)
        {
            var planes = 64 << stage;
            for (var block = 0; block < blocks[stage]; block++)
            {
                var stride = block == 0 && stage > 0 ? 2 : 1;
                Layer layer = bottleneck ? new Bottleneck(width, planes, stride) : new BasicBlock(width, planes, stride);
                x = x.Apply(layer, FormattableString.Invariant($"layer{stage + 1}.{block}"));
                width = bottleneck ? 4 * planes : planes;
            }
        }
        return g.Build(("logits", x.Apply(new AdaptiveAvgPool2d(1), "avgpool").Flatten().Apply(new Linear(width, classes), "fc")));
    }

    /// <summary>A convolution without a bias, for a batch norm follows, that keeps the size but for the stride. Kaiming-normal weights, as torchvision.</summary>
    internal static Conv2d Convolution(int inputs, int outputs, int kernel, int stride = 1, int groups = 1)
        => new(inputs, outputs, kernel) { Stride = stride, Padding = (kernel - 1) / 2, Groups = groups, Bias = false };

    private static Node Shortcut(Node input, int inputs, int outputs, int stride)
        => stride == 1 && inputs == outputs ? input : input.Apply(new Block(Convolution(inputs, outputs, 1, stride), new BatchNorm2d(outputs)), "downsample");

    private sealed record BasicBlock(int Inputs, int Planes, int Stride) : CustomLayer
    {
        protected override Node Forward(Node input)
        {
            var y = input.Apply(Convolution(Inputs, Planes, 3, Stride), "conv1").Apply(new BatchNorm2d(Planes), "bn1").Apply(new ReLU());
            y = y.Apply(Convolution(Planes, Planes, 3), "conv2").Apply(new BatchNorm2d(Planes), "bn2");
            return (y + Shortcut(input, Inputs, Planes, Stride)).Apply(new ReLU());
        }
    }

    private sealed record Bottleneck(int Inputs, int Planes, int Stride) : CustomLayer
    {
        protected override Node Forward(Node input)
        {
            var y = input.Apply(Convolution(Inputs, Planes, 1), "conv1").Apply(new BatchNorm2d(Planes), "bn1").Apply(new ReLU());
            y = y.Apply(Convolution(Planes, Planes, 3, Stride), "conv2").Apply(new BatchNorm2d(Planes), "bn2").Apply(new ReLU());
            y = y.Apply(Convolution(Planes, 4 * Planes, 1), "conv3").Apply(new BatchNorm2d(4 * Planes), "bn3");
            return (y + Shortcut(input, Inputs, 4 * Planes, Stride)).Apply(new ReLU());
        }
    }
}
