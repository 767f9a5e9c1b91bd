using ExBurn.Tests.Support;

namespace ExBurn.Tests.Data;

public sealed class ImageTests
{
    private static readonly ImageOptions Gray = new() { Color = ImageColor.Gray };

    /// <summary>7 x 5 pixels: (7 i² + 65 j + 3 i j) mod 101.</summary>
    private static readonly byte[] Pattern =
        [.. Enumerable.Range(0, 35).Select(at => (i: at / 7, j: at % 7)).Select(p => (byte)(((7 * p.i * p.i) + (65 * p.j) + (3 * p.i * p.j)) % 101))];

    private static float[] Read(byte[] file, ImageOptions? options = null)
    {
        using var folder = new TemporaryFolder();
        return ImageFolder.Read(folder.Write("a.png", file), options).ToSingles();
    }

    private static float[] Transformed(byte[] file, params ImageTransform[] transforms) => Read(file, Gray with { Transforms = transforms });

    private static float[] Bytes(params int[] values) => [.. values.Select(value => value / 255f)];

    [Fact]
    public void Colours_become_planes()
    {
        byte[] pixels = [255, 0, 10, 0, 255, 20, 1, 2, 30, 4, 5, 40];
        Assert.Equal(Bytes(255, 0, 1, 4, 0, 255, 2, 5, 10, 20, 30, 40), Read(ImageBytes.Rgb(2, 2, pixels)));
        Assert.Equal(Bytes(7, 9, 7, 9, 7, 9), Read(ImageBytes.Gray(2, 1, 7, 9)));
        // ITU-R 601: 0.299, 0.587, 0.114.
        Assert.Equal(Bytes(77, 152, 5, 9), Read(ImageBytes.Rgb(2, 2, 255, 0, 10, 0, 255, 20, 1, 2, 30, 4, 5, 40), Gray));
    }

    /// <summary>Each kind of colour and depth, and each filter, as the standard has them.</summary>
    [Fact]
    public void All_forms_of_png()
    {
        Assert.Equal(Bytes(0, 255, 255, 0), Read(ImageBytes.Png(4, 1, 1, 0, [0, 0b0110_0000]), Gray));
        Assert.Equal(Bytes(0, 85, 170, 255), Read(ImageBytes.Png(4, 1, 2, 0, [0, 0b00_01_10_11]), Gray));
        Assert.Equal(Bytes(0, 17, 255), Read(ImageBytes.Png(3, 1, 4, 0, [0, 0x01, 0xF0]), Gray));
        Assert.Equal(Bytes(128, 255), Read(ImageBytes.Png(2, 1, 16, 0, [0, 0x80, 0x80, 0xFF, 0xFF]), Gray));
        Assert.Equal(Bytes(9, 1, 8, 2, 7, 3), Read(ImageBytes.Png(2, 1, 2, 3, [0, 0b01_00_0000], [1, 2, 3, 9, 8, 7])));
        Assert.Equal(Bytes(50, 60), Read(ImageBytes.Png(2, 1, 8, 4, [0, 50, 0, 60, 255]), Gray));
        Assert.Equal(Bytes(1, 2, 3), Read(ImageBytes.Png(1, 1, 8, 6, [0, 1, 2, 3, 77])));
        // Sub, Up, Average, Paeth; pixels 10 20 30 in each row.
        Assert.Equal(
            Bytes(10, 20, 30, 10, 20, 30, 10, 20, 30, 10, 20, 30),
            Read(ImageBytes.Png(3, 4, 8, 0, [1, 10, 10, 10, 2, 0, 0, 0, 3, 5, 5, 5, 4, 0, 0, 0]), Gray));
        // Adam7 of 3 x 3: pass 1 (0,0); 5: row 2 with columns 0 and 2; 4: (2,0) of row 0; 6: column 1 of rows 0 and 2; 7: row 1.
        Assert.Equal(
            Bytes(1, 2, 3, 4, 5, 6, 7, 8, 9),
            Read(ImageBytes.Png(3, 3, 8, 0, [0, 1, 0, 3, 0, 7, 9, 0, 2, 0, 8, 0, 4, 5, 6], interlace: 1), Gray));
    }

    [Fact]
    public void A_jpeg_is_decoded()
    {
        Assert.All(Read(ImageBytes.Jpeg(), Gray), value => Assert.Equal(200 / 255f, value));
        Assert.Equal(3 * 64, Read(ImageBytes.Jpeg()).Length);
    }

    [Fact]
    public void Damaged_files_are_errors_that_name_the_file()
    {
        var good = ImageBytes.Gray(2, 2, 1, 2, 3, 4);
        var wrongSum = (byte[])good.Clone();
        wrongSum[40] ^= 1;
        var jpeg = ImageBytes.Jpeg();
        foreach (var bad in new[]
        {
            [], "text"u8.ToArray(), good[..20], good[..^20], wrongSum, jpeg[..30], jpeg[..90], ImageBytes.Png(2, 2, 8, 0, [0, 1, 2]), ImageBytes.Png(2, 1, 8, 0, [9, 1, 2]),
            ImageBytes.Png(2, 1, 3, 0, [0, 1, 2]), ImageBytes.Png(0, 1, 8, 0, [0]), ImageBytes.Png(70000, 70000, 8, 0, [0]), ImageBytes.Png(1, 1, 8, 3, [0, 0]),
            ImageBytes.Png(1, 1, 8, 3, [0, 5], [1, 2, 3]),
        })
        {
            var error = Assert.Throws<ExBurnException>(() => Read(bad));
            Assert.Equal(ErrorCode.Format, error.ErrorCode);
            Assert.Contains("a.png", error.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>torch.nn.functional.interpolate(mode="bilinear", antialias=True, align_corners=False) of PyTorch 1.13 on Pattern / 100.</summary>
    [Fact]
    public void Resize_is_that_of_torchvision()
    {
        double[] small =
        [
            0.329116, 0.479543, 0.568, 0.451292, 0.528042, 0.535511, 0.418933, 0.43709, 0.475238, 0.505257, 0.467086, 0.507823,
        ];
        double[] flat =
        [
            0.120909, 0.755, 0.425, 0.462273, 0.545455, 0.445, 0.436364, 0.359545, 0.686364, 0.416364, 0.559545, 0.335455, 0.616364, 0.346364,
        ];
        double[] firstRowOfLarge = [0.0, 0.433333, 0.49, 0.434445, 0.94, 0.66, 0.38, 0.436667, 0.87];
        var file = ImageBytes.Gray(7, 5, Pattern);
        Close.Check([.. small.Select(x => x * 100 / 255)], Transformed(file, new Resize((3, 4))), 0, 1e-6, "3 x 4");
        Close.Check([.. flat.Select(x => x * 100 / 255)], Transformed(file, new Resize((2, 7))), 0, 1e-6, "2 x 7");
        Close.Check([.. firstRowOfLarge.Select(x => x * 100 / 255)], Transformed(file, new Resize((8, 9))).AsSpan(0, 9), 0, 1e-6, "8 x 9");
        // The shorter side to 3: 7 * 3 / 5 = 4.2, so 4.
        Assert.Equal(Transformed(file, new Resize((3, 4))), Transformed(file, new ResizeShorterSide(3), new CenterCrop((3, 4))));
    }

    /// <summary>A convolution with the outer product of normalised exp(-x²/2), reflected edges, in PyTorch 1.13 on Pattern / 100.</summary>
    [Fact]
    public void Random_steps_act_in_training_only_and_as_their_formulas()
    {
        var file = ImageBytes.Gray(3, 2, 1, 2, 3, 4, 5, 6);
        var kept = Bytes(1, 2, 3, 4, 5, 6);
        foreach (var random in new ImageTransform[]
        {
            new RandomHorizontalFlip(1), new RandomVerticalFlip(1), new RandomRotation(90), new ColorJitter { Brightness = 0.5 }, new RandomNoise(), new RandomErasing { P = 1 },
            new GaussianBlur(3),
        })
            Assert.Equal(kept, Transformed(file, random));
        Assert.Equal(Bytes(3, 2, 1, 6, 5, 4), Trained(file, new RandomHorizontalFlip(1)));
        Assert.Equal(Bytes(4, 5, 6, 1, 2, 3), Trained(file, new RandomVerticalFlip(1)));
        double[] blurred = [0.403672, 0.428004, 0.486338, 0.500733, 0.532417, 0.46567, 0.391572, 0.481103, 0.51156, 0.534234];
        Close.Check(
            [.. blurred.Select(x => x * 100 / 255)], Trained(ImageBytes.Gray(7, 5, Pattern), new GaussianBlur(3) { Sigma = (1, 1) }).AsSpan(0, 10), 0, 1e-6, "blur");
    }

    [Fact]
    public void Crops_and_normalisation()
    {
        var file = ImageBytes.Gray(3, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        Assert.Equal(Bytes(5), Transformed(file, new CenterCrop(1)));
        // (3 - 2) / 2 = 0.5 rounds to the even 0, as Python's round.
        Assert.Equal(Bytes(1, 2, 4, 5), Transformed(file, new CenterCrop(2)));
        Assert.Equal([1, .. Bytes(1, 2, 3), 1, 1, .. Bytes(4, 5, 6), 1, 1, .. Bytes(7, 8, 9), 1f], Transformed(file, new CenterCrop((3, 5)) { Fill = 1 }));
        Assert.Equal([(5 / 255f - 0.5f) / 0.25f], Transformed(file, new CenterCrop(1), new NormalizeImage([0.5], [0.25])));
        Assert.Equal(3, Read(file, new() { Transforms = [new CenterCrop(1)] }).Length);
        var crops = Enumerable.Range(0, 40).Select(seed => Trained(file, seed, new RandomCrop(2))).ToList();
        Assert.All(crops, crop => Assert.Contains(crop, new[] { Bytes(1, 2, 4, 5), Bytes(2, 3, 5, 6), Bytes(4, 5, 7, 8), Bytes(5, 6, 8, 9) }));
        Assert.True(crops.Select(crop => crop[0]).Distinct().Count() == 4);
    }

    [Fact]
    public void Colours_change_as_torchvision_blends_them()
    {
        // Grey is 0.2989 r + 0.587 g + 0.114 b; a hue of a third turns red into green or blue; the factors are drawn, so they are found again from the result.
        var file = ImageBytes.Rgb(1, 1, 200, 100, 50);
        var grey = ((0.2989 * 200) + (0.587 * 100) + (0.114 * 50)) / 255;
        for (var seed = 0; seed < 5; seed++)
        {
            var bright = TrainedRgb(file, seed, new ColorJitter { Brightness = 0.2 });
            Assert.InRange(bright[0] * 255 / 200, 0.8, 1.2);
            Assert.Equal(bright[0] / 4, bright[2], 1e-6f);
            var saturated = TrainedRgb(file, seed, new ColorJitter { Saturation = 0.2 });
            var factor = (saturated[0] - grey) / ((200 / 255.0) - grey);
            Assert.InRange(factor, 0.8, 1.2);
            Assert.Equal((factor * (50 / 255.0)) + ((1 - factor) * grey), saturated[2], 1e-5);
            var turned = TrainedRgb(file, seed, new ColorJitter { Hue = 0.5 });
            Assert.Equal(200 / 255f, turned.Max(), 1e-5f);
            Assert.Equal(50 / 255f, turned.Min(), 1e-5f);
            // One pixel: the mean grey is its own.
            var contrast = TrainedRgb(file, seed, new ColorJitter { Contrast = 0.2 });
            Assert.Equal((contrast[0] - grey) / ((200 / 255.0) - grey), (contrast[2] - grey) / ((50 / 255.0) - grey), 1e-4);
        }
    }

    [Fact]
    public void Rotation_noise_and_erasing()
    {
        var white = ImageBytes.Gray(16, 16, [.. Enumerable.Repeat((byte)255, 256)]);
        var turned = Trained(white, 3, new RandomRotation(45));
        // Around the middle all is white; a corner is outside unless the angle is small.
        Assert.Equal(1f, turned[(8 * 16) + 8], 1e-6f);
        var noisy = Trained(ImageBytes.Gray(16, 16, [.. Enumerable.Repeat((byte)128, 256)]), 1, new RandomNoise { Sigma = 0.1 });
        Assert.InRange(noisy.Average(), (128 / 255.0) - 0.03, (128 / 255.0) + 0.03);
        Assert.InRange(Math.Sqrt(noisy.Average(x => Math.Pow(x - (128 / 255.0), 2))), 0.08, 0.12);
        for (var seed = 0; seed < 10; seed++)
        {
            var erased = Trained(white, seed, new RandomErasing { P = 1, Scale = (0.1, 0.3), Value = 0.25 });
            var share = erased.Count(value => value == 0.25f) / 256.0;
            Assert.All(erased, value => Assert.Contains(value, new[] { 0.25f, 1f }));
            // Sides are rounded to whole pixels.
            Assert.InRange(share, 0.05, 0.4);
        }
        Assert.Equal(Trained(white, 5, new RandomErasing()), Trained(white, 5, new RandomErasing()));
    }

    [Fact]
    public void Wrong_transforms_are_errors()
    {
        var file = ImageBytes.Gray(2, 2, 1, 2, 3, 4);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Resize(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomHorizontalFlip(1.5));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ColorJitter { Hue = 0.6 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new GaussianBlur(4));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RandomErasing { Scale = (0.3, 0.2) });
        Assert.Throws<ArgumentException>(() => Transformed(file, new NormalizeImage([0.5], [0.0])));
        Assert.Throws<ShapeMismatchException>(() => Transformed(file, new NormalizeImage([0.5, 0.5], [1.0, 1.0])));
        Assert.Throws<NameNotFoundException>(() => ImageFolder.Read("no such file.png"));
    }

    private static float[] Trained(byte[] file, params ImageTransform[] transforms) => Trained(file, 0, transforms);

    private static float[] Trained(byte[] file, int seed, params ImageTransform[] transforms) => InTraining.Of(file, seed, Gray with { Transforms = transforms });

    private static float[] TrainedRgb(byte[] file, int seed, params ImageTransform[] transforms) => InTraining.Of(file, seed, new() { Transforms = transforms });
}
