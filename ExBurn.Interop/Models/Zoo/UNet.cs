namespace ExBurn.Models.Zoo;

/// <summary>U-Net (Ronneberger et al., 2015) with padded convolutions and batch norm; the names are those of the common PyTorch form (milesial/Pytorch-UNet).</summary>
public static class UNet
{
    /// <summary>
    /// 31,037,698 parameters for 3 channels, 2 classes and width 64. Input <c>image</c> [N, channels, H, W], H and W multiples of 16;
    /// output <c>logits</c> [N, classes, H, W].
    /// </summary>
    /// <param name="channels">Channels of the image.</param>
    /// <param name="classes">Channels of the output.</param>
    /// <param name="width">Channels of the first stage; each of the four stages below has twice as many.</param>
    public static GraphModel Create(int channels = 3, int classes = 2, int width = 64)
    {
        var g = new Graph();
        var x = g.Input("image", channels, -1, -1).Apply(new DoubleConv(channels, width), "inc");
        var links = new List<Node>();
        for (var stage = 1; stage <= 4; stage++)
        {
            links.Add(x);
            x = x.Apply(new Block(new MaxPool2d(2), new DoubleConv(width << (stage - 1), width << stage)), FormattableString.Invariant($"down{stage}.maxpool_conv"));
        }
        for (var stage = 1; stage <= 4; stage++)
            x = x.Apply(new Up(width << (5 - stage)), FormattableString.Invariant($"up{stage}"), links[4 - stage]);
        return g.Build(("logits", x.Apply(new Conv2d(width, classes, 1), "outc.conv")));
    }

    private sealed record DoubleConv(int Inputs, int Outputs) : CustomLayer
    {
        protected override Node Forward(Node input) => input.Apply(
            new Block(
                ResNet.Convolution(Inputs, Outputs, 3), new BatchNorm2d(Outputs), new ReLU(),
                ResNet.Convolution(Outputs, Outputs, 3), new BatchNorm2d(Outputs), new ReLU()),
            "double_conv");
    }

    /// <summary>Doubles height and width, and joins the result to what came from the same size.</summary>
    private sealed record Up(int Inputs) : CustomLayer
    {
        protected override Node Forward(IReadOnlyList<Node> inputs)
        {
            var larger = inputs[0].Apply(new ConvTranspose2d(Inputs, Inputs / 2, 2) { Stride = 2 }, "up");
            return Node.Concat(1, inputs[1], larger).Apply(new DoubleConv(Inputs, Inputs / 2), "conv");
        }
    }
}
