namespace ExBurn;

/// <summary>Height and width. One number stands for both: <c>KernelSize = 3</c>, <c>Stride = (2, 1)</c>.</summary>
/// <param name="Height">Size along the second to last dimension.</param>
/// <param name="Width">Size along the last dimension.</param>
public readonly record struct Size2(int Height, int Width)
{
    /// <summary>The same number for height and width.</summary>
    public static implicit operator Size2(int size) => new(size, size);

    /// <summary>Height and width.</summary>
    public static implicit operator Size2((int Height, int Width) size) => new(size.Height, size.Width);

    /// <summary>Reads as <c>(3, 2)</c>.</summary>
    public override string ToString() => $"({Height}, {Width})";
}
