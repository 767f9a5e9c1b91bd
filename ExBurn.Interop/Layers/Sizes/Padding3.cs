namespace ExBurn;

/// <summary>
/// Slices, rows and columns added on both sides of depth, height and width: a number, three numbers, <see cref="Same"/> or
/// <see cref="Valid"/>. The default value adds none.
/// </summary>
public readonly record struct Padding3
{
    private Padding3(Size3 size, string? mode = null)
    {
        Size = size;
        Mode = mode;
    }

    /// <summary>As many as keep the size, for layers of stride 1.</summary>
    public static Padding3 Same { get; } = new(0, "same");

    /// <summary>No padding.</summary>
    public static Padding3 Valid { get; } = new(0, "valid");

    /// <summary>How many on each side; 0 for <see cref="Same"/> and <see cref="Valid"/>.</summary>
    public Size3 Size { get; }

    /// <summary>PyTorch's word for the padding; null when it is given by numbers.</summary>
    internal string? Mode { get; }

    /// <summary>The same number on all sides.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public static implicit operator Padding3(int size) => new(Check.NonNegative((Size3)size, nameof(size)));

    /// <summary>Slices before and behind, rows above and below, and columns left and right.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative.</exception>
    public static implicit operator Padding3((int Depth, int Height, int Width) size)
        => new(Check.NonNegative((Size3)size, nameof(size)));

    /// <summary>Reads as <c>(1, 0, 0)</c> or <c>same</c>.</summary>
    public override string ToString() => Mode ?? Size.ToString();
}
