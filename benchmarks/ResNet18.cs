namespace ExBurn.Benchmarks;

/// <summary>
/// The 62 parameters of ResNet-18 for 1000 classes, 11,689,512 numbers, in a chain of layers: where the residual network branches, the values
/// are laid out anew between two layers, so that every parameter has a gradient. The layers and their shapes are torchvision's.
/// </summary>
internal static class ResNet18
{
    public const long Parameters = 11_689_512;

    public static Sequential Create()
    {
        var model = new Sequential();
        var (channels, side) = (3, 16);

        void Convolution(int from, int to, int kernel, int stride)
        {
            if (from != channels)
            {
                // As many values in fewer channels.
                var values = channels * side * side;
                model.Add(new Flatten());
                model.Add(new Unflatten(1, [from, values / from / side, side]));
                model.Add(new AdaptiveAvgPool2d((side, side)));
                channels = from;
            }
            model.Add(new Conv2d(from, to, kernel) { Stride = stride, Padding = kernel / 2, Bias = false });
            model.Add(new BatchNorm2d(to));
            (channels, side) = (to, (side + stride - 1) / stride);
        }

        Convolution(3, 64, 7, 2);
        foreach (var width in (int[])[64, 128, 256, 512])
        {
            var before = Math.Max(64, width / 2);
            Convolution(before, width, 3, 1);
            Convolution(width, width, 3, 1);
            if (width > 64)
                Convolution(before, width, 1, 1);
            Convolution(width, width, 3, 2);
            Convolution(width, width, 3, 1);
        }
        model.Add(new AdaptiveAvgPool2d(1));
        model.Add(new Flatten());
        model.Add(new Linear(512, 1000));
        return model;
    }
}
