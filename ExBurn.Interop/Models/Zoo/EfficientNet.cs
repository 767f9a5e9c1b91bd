namespace ExBurn.Models.Zoo;

/// <summary>EfficientNet (Tan and Le, 2019) with torchvision's names.</summary>
public static class EfficientNet
{
    // Expansion, kernel, stride of the first, channels, blocks: table 1 of the paper.
    private static readonly (int Expansion, int Kernel, int Stride, int Channels, int Blocks)[] Plan =
        [(1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3), (6, 5, 1, 112, 3), (6, 5, 2, 192, 4), (6, 3, 1, 320, 1)];

    /// <summary>
    /// 5,288,548 parameters for 1000 classes. Input <c>image</c> [N, 3, H, W]; output <c>logits</c> [N, classes]. In training whole
    /// blocks are left out at random (stochastic depth), the last with probability 0.2.
    /// </summary>
    /// <param name="classes">Number of classes.</param>
    public static GraphModel B0(int classes = 1000)
    {
        var g = new Graph();
        var x = g.Input("image", 3, -1, -1).Apply(Unit(3, 32, 3, 2, 1), "features.0");
        var (width, stage, done, all) = (32, 1, 0, Plan.Sum(part => part.Blocks));
        foreach (var (expansion, kernel, stride, channels, blocks) in Plan)
        {
            for (var block = 0; block < blocks; block++)
            {
                var drop = 0.2 * done++ / all;
                x = x.Apply(
                    new MBConv(width, channels, kernel, block == 0 ? stride : 1, expansion, drop), FormattableString.Invariant($"features.{stage}.{block}"));
                width = channels;
            }
            stage++;
        }
        x = x.Apply(Unit(width, 1280, 1, 1, 1), FormattableString.Invariant($"features.{stage}"));
        return g.Build(("logits", x.Apply(new AdaptiveAvgPool2d(1), "avgpool").Flatten()
            .Apply(new Block(new Dropout(0.2), new Linear(1280, classes)), "classifier")));
    }

    /// <summary>Convolution, batch norm, SiLU.</summary>
    private static Block Unit(int inputs, int outputs, int kernel, int stride, int groups)
        => new(ResNet.Convolution(inputs, outputs, kernel, stride, groups), new BatchNorm2d(outputs), new SiLU());

    private sealed record MBConv(int Inputs, int Outputs, int Kernel, int Stride, int Expansion, double Drop) : CustomLayer
    {
        protected override Node Forward(Node input)
        {
            var hidden = Inputs * Expansion;
            var layers = new List<Layer>();
            if (Expansion != 1)
                layers.Add(Unit(Inputs, hidden, 1, 1, 1));
            layers.Add(Unit(hidden, hidden, Kernel, Stride, hidden));
            layers.Add(new SqueezeExcitation(hidden, Math.Max(1, Inputs / 4)));
            layers.Add(new Block(ResNet.Convolution(hidden, Outputs, 1), new BatchNorm2d(Outputs)));
            var y = input.Apply(new Block([.. layers]), "block");
            return Stride == 1 && Inputs == Outputs ? input + y.Apply(new StochasticDepth(Drop)) : y;
        }
    }

    private sealed record SqueezeExcitation(int Channels, int Squeezed) : CustomLayer
    {
        protected override Node Forward(Node input)
        {
            var scale = input.Apply(new AdaptiveAvgPool2d(1)).Apply(new Conv2d(Channels, Squeezed, 1), "fc1").Apply(new SiLU())
                .Apply(new Conv2d(Squeezed, Channels, 1), "fc2").Apply(new Sigmoid());
            return input * scale;
        }
    }
}
