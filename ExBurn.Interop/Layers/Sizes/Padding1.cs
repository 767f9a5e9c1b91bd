namespace ExBurn;

/// <summary>
/// Elements added on both sides of the length: a number, <see cref="Same"/> or <see cref="Valid"/>. The default value adds none.
/// </summary>
public readonly record struct Padding1
{
    private Padding1(int size, string? mode = null)
    {
        Size = size;
        Mode = mode;
    }

    /// <summary>As many as keep the size, for layers of stride 1.</summary>
    public static Padding1 Same { get; } = new(0, "same");

    /// <summary>No padding.</summary>
    public static Padding1 Valid { get; } = new(0, "valid");

    /// <summary>How many on each side; 0 for <see cref="Same"/> and <see cref="Valid"/>.</summary>
    public int Size { get; }

    /// <summary>PyTorch's word for the padding; null when it is given by a number.</summary>
    internal string? Mode { get; }

    /// <summary>The same number on both sides.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public static implicit operator Padding1(int size) => new(Check.AtLeast(0, size, nameof(size)));

    /// <summary>Reads as <c>1</c> or <c>same</c>.</summary>
    public override string ToString() => Mode ?? Size.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
