namespace ExBurn.Models.Zoo;

/// <summary>MobileNetV2 (Sandler et al., 2018) with torchvision's names.</summary>
public static class MobileNetV2
{
    // Expansion, channels, blocks, stride of the first: table 2 of the paper.
    private static readonly (int Expansion, int Channels, int Blocks, int Stride)[] Plan =
        [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)];

    /// <summary>3,504,872 parameters for 1000 classes. Input <c>image</c> [N, 3, H, W]; output <c>logits</c> [N, classes].</summary>
    /// <param name="classes">Number of classes.</param>
    public static GraphModel Create(int classes = 1000)
    {
        var g = new Graph();
        var x = g.Input("image", 3, -1, -1).Apply(Unit(3, 32, 3, 2, 1), "features.0");
        var (width, position) = (32, 1);
        foreach (var (expansion, channels, blocks, stride) in Plan)
        {
            for (var block = 0; block < blocks; block++)
            {
                x = x.Apply(new InvertedResidual(width, channels, block == 0 ? stride : 1, expansion), FormattableString.Invariant($"features.{position++}"));
                width = channels;
            }
        }
        x = x.Apply(Unit(width, 1280, 1, 1, 1), FormattableString.Invariant($"features.{position}"));
        return g.Build(("logits", x.Mean(2, 3).Apply(new Block(new Dropout(0.2), new Linear(1280, classes)), "classifier")));
    }

    /// <summary>Convolution, batch norm, ReLU6.</summary>
    private static Block Unit(int inputs, int outputs, int kernel, int stride, int groups)
        => new(ResNet.Convolution(inputs, outputs, kernel, stride, groups), new BatchNorm2d(outputs), new ReLU6());

    private sealed record InvertedResidual(int Inputs, int Outputs, int Stride, int Expansion) : CustomLayer
    {
        protected override Node Forward(Node input)
        {
            var hidden = Inputs * Expansion;
            var layers = new List<Layer>();
            if (Expansion != 1)
                layers.Add(Unit(Inputs, hidden, 1, 1, 1));
            layers.Add(Unit(hidden, hidden, 3, Stride, hidden));
            layers.Add(ResNet.Convolution(hidden, Outputs, 1));
            layers.Add(new BatchNorm2d(Outputs));
            var y = input.Apply(new Block([.. layers]), "conv");
            return Stride == 1 && Inputs == Outputs ? input + y : y;
        }
    }
}
