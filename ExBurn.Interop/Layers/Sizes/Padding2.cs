namespace ExBurn;

/// <summary>
/// Rows and columns added on both sides of height and width: a number, a pair, <see cref="Same"/> or <see cref="Valid"/>.
/// The default value adds none.
/// </summary>
public readonly record struct Padding2
{
    private Padding2(Size2 size, string? mode = null)
    {
        Size = size;
        Mode = mode;
    }

    /// <summary>As many as keep the size, for layers of stride 1.</summary>
    public static Padding2 Same { get; } = new(0, "same");

    /// <summary>No padding.</summary>
    public static Padding2 Valid { get; } = new(0, "valid");

    /// <summary>How many on each side; 0 for <see cref="Same"/> and <see cref="Valid"/>.</summary>
    public Size2 Size { get; }

    /// <summary>PyTorch's word for the padding; null when it is given by numbers.</summary>
    internal string? Mode { get; }

    /// <summary>The same number on all sides.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public static implicit operator Padding2(int size) => new(Check.NonNegative((Size2)size, nameof(size)));

    /// <summary>Rows above and below, and columns left and right.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative.</exception>
    public static implicit operator Padding2((int Height, int Width) size) => new(Check.NonNegative((Size2)size, nameof(size)));

    /// <summary>Reads as <c>(1, 0)</c> or <c>same</c>.</summary>
    public override string ToString() => Mode ?? Size.ToString();
}
