namespace ExBurn;

/// <summary>Colours in which images are decoded.</summary>
public enum ImageColor
{
    /// <summary>Three channels: red, green, blue.</summary>
    Rgb = 3,

    /// <summary>One channel of brightness (ITU-R 601).</summary>
    Gray = 1,
}

/// <summary>
/// A step on the way from a decoded image, floats in [0, 1] of the shape [channels, height, width], to a row of a batch. Steps run in native code, in parallel.
/// Formulas are those of torchvision on float tensors. Random steps follow from seed, epoch and row, and act in training only: in evaluation and
/// when rows are read back, random crops are made in the middle and all else that is random rests. Immutable.
/// </summary>
public abstract record ImageTransform : Component
{
    private protected ImageTransform()
    {
    }

    private protected static (double Low, double High) Rising((double Low, double High) range, double least, string name)
        => range.Low >= least && range.High >= range.Low && !double.IsInfinity(range.High)
            ? range
            : throw new ArgumentOutOfRangeException(name, range, $"{name} must be two rising numbers of at least {least}.");
}

/// <summary>Bilinear with antialiasing, to a size.</summary>
/// <param name="Size">Height and width.</param>
public sealed record Resize(Size2 Size) : ImageTransform
{
    /// <summary>Height and width.</summary>
    public Size2 Size { get; init => field = Check.Positive(value); } = Check.Positive(Size);

    internal override void WriteConfig(ConfigWriter config) => config.Add("size", Size);
}

/// <summary>Bilinear with antialiasing, so that the shorter side has a size; the longer keeps the ratio. A crop has to follow.</summary>
/// <param name="Size">The shorter side.</param>
public sealed record ResizeShorterSide(int Size) : ImageTransform
{
    /// <summary>The shorter side.</summary>
    public int Size { get; init => field = Check.Positive(value); } = Check.Positive(Size);

    internal override string TypeName => "Resize";

    internal override void WriteConfig(ConfigWriter config) => config.Add("size", Size).Add("short", true);
}

/// <summary>The middle of the image; where it is smaller it is padded.</summary>
/// <param name="Size">Height and width.</param>
public sealed record CenterCrop(Size2 Size) : ImageTransform
{
    /// <summary>Height and width.</summary>
    public Size2 Size { get; init => field = Check.Positive(value); } = Check.Positive(Size);

    /// <summary>Value of padding. Default 0.</summary>
    public double Fill { get; init => field = Check.Finite(value); }

    internal override void WriteConfig(ConfigWriter config) => config.Add("size", Size).Add("fill", Fill);
}

/// <summary>A part at a random place; in the middle in evaluation.</summary>
/// <param name="Size">Height and width.</param>
public sealed record RandomCrop(Size2 Size) : ImageTransform
{
    /// <summary>Height and width.</summary>
    public Size2 Size { get; init => field = Check.Positive(value); } = Check.Positive(Size);

    /// <summary>Pixels added on all sides before, in training. Default 0.</summary>
    public int Padding { get; init => field = Check.AtLeast(0, value); }

    /// <summary>Value of padding. Default 0.</summary>
    public double Fill { get; init => field = Check.Finite(value); }

    internal override void WriteConfig(ConfigWriter config) => config.Add("size", Size).Add("padding", Padding).Add("fill", Fill);
}

/// <summary>A part of random size, ratio and place, resized; in evaluation the largest part in the middle of the size's ratio.</summary>
/// <param name="Size">Height and width of the result.</param>
public sealed record RandomResizedCrop(Size2 Size) : ImageTransform
{
    /// <summary>Height and width of the result.</summary>
    public Size2 Size { get; init => field = Check.Positive(value); } = Check.Positive(Size);

    /// <summary>Share of the image's area, from and to. Default 0.08 to 1.</summary>
    public (double Low, double High) Scale { get; init => field = Rising(value, double.Epsilon, nameof(Scale)); } = (0.08, 1);

    /// <summary>Width divided by height of the part, from and to. Default 3/4 to 4/3.</summary>
    public (double Low, double High) Ratio { get; init => field = Rising(value, double.Epsilon, nameof(Ratio)); } = (3.0 / 4, 4.0 / 3);

    internal override void WriteConfig(ConfigWriter config) => config.Add("size", Size).Add("scale", Scale).Add("ratio", Ratio);
}

/// <summary>Left and right change places, with a probability.</summary>
/// <param name="P">The probability. Default 0.5.</param>
public sealed record RandomHorizontalFlip(double P = 0.5) : ImageTransform
{
    /// <summary>The probability.</summary>
    public double P { get; init => field = Check.Probability(value); } = Check.Probability(P);

    internal override void WriteConfig(ConfigWriter config) => config.Add("p", P);
}

/// <summary>Top and bottom change places, with a probability.</summary>
/// <param name="P">The probability. Default 0.5.</param>
public sealed record RandomVerticalFlip(double P = 0.5) : ImageTransform
{
    /// <summary>The probability.</summary>
    public double P { get; init => field = Check.Probability(value); } = Check.Probability(P);

    internal override void WriteConfig(ConfigWriter config) => config.Add("p", P);
}

/// <summary>Turns by a random angle around the middle, bilinear; the size stays.</summary>
/// <param name="Degrees">Angles from -Degrees to Degrees; counter-clockwise is positive.</param>
public sealed record RandomRotation(double Degrees) : ImageTransform
{
    /// <summary>Angles from -Degrees to Degrees.</summary>
    public double Degrees { get; init => field = Check.NonNegative(value); } = Check.NonNegative(Degrees);

    /// <summary>Value of what comes from outside. Default 0.</summary>
    public double Fill { get; init => field = Check.Finite(value); }

    internal override void WriteConfig(ConfigWriter config) => config.Add("degrees", (-Degrees, Degrees)).Add("fill", Fill);
}

/// <summary>Changes brightness, contrast, saturation and hue at random, in random order.</summary>
public sealed record ColorJitter : ImageTransform
{
    /// <summary>A factor from max(0, 1 - Brightness) to 1 + Brightness. Default 0: no change.</summary>
    public double Brightness { get; init => field = Check.NonNegative(value); }

    /// <summary>A factor from max(0, 1 - Contrast) to 1 + Contrast. Default 0: no change.</summary>
    public double Contrast { get; init => field = Check.NonNegative(value); }

    /// <summary>A factor from max(0, 1 - Saturation) to 1 + Saturation. Default 0: no change.</summary>
    public double Saturation { get; init => field = Check.NonNegative(value); }

    /// <summary>A turn of the colour circle from -Hue to Hue, at most 0.5. Default 0: no change.</summary>
    public double Hue { get; init => field = value is >= 0 and <= 0.5 ? value : throw new ArgumentOutOfRangeException(nameof(Hue), value, "Hue must be from 0 to 0.5."); }

    internal override void WriteConfig(ConfigWriter config)
    {
        Add("brightness", Brightness);
        Add("contrast", Contrast);
        Add("saturation", Saturation);
        if (Hue > 0)
            config.Add("hue", (-Hue, Hue));

        void Add(string key, double spread)
        {
            if (spread > 0)
                config.Add(key, (Math.Max(0, 1 - spread), 1 + spread));
        }
    }
}

/// <summary>Brightness only.</summary>
/// <param name="Channels">1, or 3 equal ones. Default 1.</param>
public sealed record Grayscale(int Channels = 1) : ImageTransform
{
    /// <summary>1, or 3 equal ones.</summary>
    public int Channels { get; init => field = value is 1 or 3 ? value : throw new ArgumentOutOfRangeException(nameof(Channels), value, "Channels must be 1 or 3."); }
        = Channels is 1 or 3 ? Channels : throw new ArgumentOutOfRangeException(nameof(Channels), Channels, "Channels must be 1 or 3.");

    internal override void WriteConfig(ConfigWriter config) => config.Add("channels", Channels);
}

/// <summary>Convolution with a Gaussian of a random width.</summary>
/// <param name="KernelSize">Size of the kernel in pixels, odd, at most 255.</param>
public sealed record GaussianBlur(int KernelSize) : ImageTransform
{
    /// <summary>Size of the kernel in pixels.</summary>
    public int KernelSize { get; init => field = Odd(value); } = Odd(KernelSize);

    /// <summary>Width of the Gaussian in pixels, from and to. Default 0.1 to 2.</summary>
    public (double Low, double High) Sigma { get; init => field = Rising(value, double.Epsilon, nameof(Sigma)); } = (0.1, 2);

    /// <summary>Probability that it is done. Default 1.</summary>
    public double P { get; init => field = Check.Probability(value); } = 1;

    internal override void WriteConfig(ConfigWriter config) => config.Add("kernel_size", KernelSize).Add("sigma", Sigma).Add("p", P);

    private static int Odd(int size) => size is > 0 and < 256 && size % 2 == 1
        ? size
        : throw new ArgumentOutOfRangeException(nameof(size), size, "KernelSize must be odd, from 1 to 255.");
}

/// <summary>Adds normal noise to each value, in training.</summary>
public sealed record RandomNoise : ImageTransform
{
    /// <summary>Mean of the noise. Default 0.</summary>
    public double Mean { get; init => field = Check.Finite(value); }

    /// <summary>Standard deviation of the noise. Default 0.1.</summary>
    public double Sigma { get; init => field = Check.NonNegative(value); } = 0.1;

    /// <summary>Whether results are limited to [0, 1]. Default true.</summary>
    public bool Clip { get; init; } = true;

    internal override string TypeName => "GaussianNoise";

    internal override void WriteConfig(ConfigWriter config) => config.Add("mean", Mean).Add("sigma", Sigma).Add("clip", Clip);
}

/// <summary>Sets a random box to a value, with a probability.</summary>
public sealed record RandomErasing : ImageTransform
{
    /// <summary>The probability. Default 0.5.</summary>
    public double P { get; init => field = Check.Probability(value); } = 0.5;

    /// <summary>Share of the image's area, from and to. Default 0.02 to 0.33.</summary>
    public (double Low, double High) Scale { get; init => field = Rising(value, double.Epsilon, nameof(Scale)); } = (0.02, 0.33);

    /// <summary>Height divided by width of the box, from and to. Default 0.3 to 3.3.</summary>
    public (double Low, double High) Ratio { get; init => field = Rising(value, double.Epsilon, nameof(Ratio)); } = (0.3, 3.3);

    /// <summary>The value. Default 0.</summary>
    public double Value { get; init => field = Check.Finite(value); }

    internal override void WriteConfig(ConfigWriter config) => config.Add("p", P).Add("scale", Scale).Add("ratio", Ratio).Add("value", Value);
}

/// <summary>(x - mean) / deviation by channel. Usually the last step; random colour steps expect [0, 1].</summary>
/// <param name="Mean">One number, or one per channel.</param>
/// <param name="StandardDeviation">As many, none 0.</param>
public sealed record NormalizeImage(ValueArray<double> Mean, ValueArray<double> StandardDeviation) : ImageTransform
{
    /// <summary>Means of the channels of ImageNet.</summary>
    public static ValueArray<double> ImageNetMean { get; } = [0.485, 0.456, 0.406];

    /// <summary>Standard deviations of the channels of ImageNet.</summary>
    public static ValueArray<double> ImageNetStandardDeviation { get; } = [0.229, 0.224, 0.225];

    internal override string TypeName => "Normalize";

    internal override void WriteConfig(ConfigWriter config) => config.Add("mean", Mean).Add("std", StandardDeviation);
}
