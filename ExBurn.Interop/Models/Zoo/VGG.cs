namespace ExBurn.Models.Zoo;

/// <summary>
/// VGG (Simonyan and Zisserman, 2014) with torchvision's names. Input <c>image</c> [N, 3, H, W], at least 32 × 32;
/// output <c>logits</c> [N, classes].
/// </summary>
public static class VGG
{
    /// <summary>11 layers, 132,863,336 parameters for 1000 classes.</summary>
    /// <param name="classes">Number of classes.</param>
    public static GraphModel VGG11(int classes = 1000) => Build(classes, [64, 0, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0]);

    /// <summary>16 layers, 138,357,544 parameters for 1000 classes.</summary>
    /// <inheritdoc cref="VGG11" path="/param"/>
    public static GraphModel VGG16(int classes = 1000)
        => Build(classes, [64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0]);

    /// <summary>A network from the channels of its convolutions; 0 is a pooling.</summary>
    private static GraphModel Build(int classes, int[] plan)
    {
        var layers = new List<Layer>();
        var width = 3;
        foreach (var channels in plan)
        {
            if (channels == 0)
            {
                layers.Add(new MaxPool2d(2));
                continue;
            }
            layers.Add(new Conv2d(width, channels, 3) { Padding = 1 });
            layers.Add(new ReLU());
            width = channels;
        }
        var g = new Graph();
        var features = g.Input("image", 3, -1, -1).Apply(new Block([.. layers]), "features").Apply(new AdaptiveAvgPool2d(7), "avgpool");
        return g.Build(("logits", features.Flatten().Apply(
            new Block(
                new Linear(512 * 7 * 7, 4096), new ReLU(), new Dropout(),
                new Linear(4096, 4096), new ReLU(), new Dropout(),
                new Linear(4096, classes)),
            "classifier")));
    }
}
