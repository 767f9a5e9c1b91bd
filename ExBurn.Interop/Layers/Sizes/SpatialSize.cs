namespace ExBurn;

/// <summary>
/// Sizes of 1 to 3 dimensions. One number stands for all: <c>Size = 7</c>, <c>Size = (7, 5)</c>, <c>Size = (4, 7, 5)</c>.
/// </summary>
public readonly record struct SpatialSize
{
    private SpatialSize(ValueArray<int> values) => Values = values;

    /// <summary>One size for all dimensions, or the size of each.</summary>
    public ValueArray<int> Values { get; }

    /// <summary>The same number for all dimensions.</summary>
    public static implicit operator SpatialSize(int size) => new([size]);

    /// <summary>Height and width.</summary>
    public static implicit operator SpatialSize((int Height, int Width) size) => new([size.Height, size.Width]);

    /// <summary>Depth, height and width.</summary>
    public static implicit operator SpatialSize((int Depth, int Height, int Width) size)
        => new([size.Depth, size.Height, size.Width]);

    /// <summary>Reads as <c>[7, 5]</c>.</summary>
    public override string ToString() => Values.ToString();
}

/// <summary>
/// Factors for 1 to 3 dimensions. One number stands for all: <c>ScaleFactor = 2</c>, <c>ScaleFactor = (2, 1.5)</c>.
/// </summary>
public readonly record struct SpatialScale
{
    private SpatialScale(ValueArray<double> values) => Values = values;

    /// <summary>One factor for all dimensions, or the factor of each.</summary>
    public ValueArray<double> Values { get; }

    /// <summary>The same factor for all dimensions.</summary>
    public static implicit operator SpatialScale(double factor) => new([factor]);

    /// <summary>Factors of height and width.</summary>
    public static implicit operator SpatialScale((double Height, double Width) factor) => new([factor.Height, factor.Width]);

    /// <summary>Factors of depth, height and width.</summary>
    public static implicit operator SpatialScale((double Depth, double Height, double Width) factor)
        => new([factor.Depth, factor.Height, factor.Width]);

    /// <summary>Reads as <c>[2, 1.5]</c>.</summary>
    public override string ToString() => $"[{string.Join(", ", Values.Select(Show))}]";

    private static string Show(double factor) => factor.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
