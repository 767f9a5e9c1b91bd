namespace ExBurn;

/// <summary>Depth, height and width. One number stands for all: <c>KernelSize = 3</c>, <c>Stride = (2, 1, 1)</c>.</summary>
/// <param name="Depth">Size along the third to last dimension.</param>
/// <param name="Height">Size along the second to last dimension.</param>
/// <param name="Width">Size along the last dimension.</param>
public readonly record struct Size3(int Depth, int Height, int Width)
{
    /// <summary>The same number for depth, height and width.</summary>
    public static implicit operator Size3(int size) => new(size, size, size);

    /// <summary>Depth, height and width.</summary>
    public static implicit operator Size3((int Depth, int Height, int Width) size) => new(size.Depth, size.Height, size.Width);

    /// <summary>Reads as <c>(3, 2, 2)</c>.</summary>
    public override string ToString() => $"({Depth}, {Height}, {Width})";
}
