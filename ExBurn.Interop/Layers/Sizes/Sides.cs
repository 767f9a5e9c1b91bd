namespace ExBurn;

/// <summary>
/// Elements added before and after the last dimension, in PyTorch's order; negative numbers remove. One number stands for all sides:
/// <c>1</c>, <c>(1, 2)</c>.
/// </summary>
/// <param name="Left">Before the first element.</param>
/// <param name="Right">After the last element.</param>
public readonly record struct Sides1(int Left, int Right)
{
    /// <summary>The same number on all sides.</summary>
    public static implicit operator Sides1(int size) => new(size, size);

    /// <summary>A number for each side.</summary>
    public static implicit operator Sides1((int Left, int Right) sides)
        => new(sides.Left, sides.Right);

    /// <summary>Reads as <c>(1, 2)</c>.</summary>
    public override string ToString() => $"({Left}, {Right})";
}

/// <summary>
/// Elements added on the sides of the last two dimensions, in PyTorch's order; negative numbers remove. One number stands for all sides:
/// <c>1</c>, <c>(1, 2, 0, 1)</c>.
/// </summary>
/// <param name="Left">Before the first column.</param>
/// <param name="Right">After the last column.</param>
/// <param name="Top">Above the first row.</param>
/// <param name="Bottom">Below the last row.</param>
public readonly record struct Sides2(int Left, int Right, int Top, int Bottom)
{
    /// <summary>The same number on all sides.</summary>
    public static implicit operator Sides2(int size) => new(size, size, size, size);

    /// <summary>A number for each side.</summary>
    public static implicit operator Sides2((int Left, int Right, int Top, int Bottom) sides)
        => new(sides.Left, sides.Right, sides.Top, sides.Bottom);

    /// <summary>Reads as <c>(1, 2, 0, 1)</c>.</summary>
    public override string ToString() => $"({Left}, {Right}, {Top}, {Bottom})";
}

/// <summary>
/// Elements added on the sides of the last three dimensions, in PyTorch's order; negative numbers remove. One number stands for all sides:
/// <c>1</c>, <c>(1, 1, 0, 0, 2, 2)</c>.
/// </summary>
/// <param name="Left">Before the first column.</param>
/// <param name="Right">After the last column.</param>
/// <param name="Top">Above the first row.</param>
/// <param name="Bottom">Below the last row.</param>
/// <param name="Front">Before the first slice.</param>
/// <param name="Back">Behind the last slice.</param>
public readonly record struct Sides3(int Left, int Right, int Top, int Bottom, int Front, int Back)
{
    /// <summary>The same number on all sides.</summary>
    public static implicit operator Sides3(int size) => new(size, size, size, size, size, size);

    /// <summary>A number for each side.</summary>
    public static implicit operator Sides3((int Left, int Right, int Top, int Bottom, int Front, int Back) sides)
        => new(sides.Left, sides.Right, sides.Top, sides.Bottom, sides.Front, sides.Back);

    /// <summary>Reads as <c>(1, 1, 0, 0, 2, 2)</c>.</summary>
    public override string ToString() => $"({Left}, {Right}, {Top}, {Bottom}, {Front}, {Back})";
}
