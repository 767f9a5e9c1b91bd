namespace ExBurn;

/// <summary>
/// Depth, height and width of a result, where null keeps the input's size: <c>1</c>, <c>(2, 3, 3)</c>, <c>(null, 7, 7)</c>.
/// </summary>
/// <param name="Depth">Depth of the result; null keeps the input's.</param>
/// <param name="Height">Height of the result; null keeps the input's.</param>
/// <param name="Width">Width of the result; null keeps the input's.</param>
public readonly record struct OutputSize3(int? Depth, int? Height, int? Width)
{
    /// <summary>The same number for depth, height and width.</summary>
    public static implicit operator OutputSize3(int size) => new(size, size, size);

    /// <summary>Depth, height and width.</summary>
    public static implicit operator OutputSize3((int? Depth, int? Height, int? Width) size)
        => new(size.Depth, size.Height, size.Width);

    /// <summary>Reads as <c>(2, 3, 3)</c>.</summary>
    public override string ToString() => $"({Show(Depth)}, {Show(Height)}, {Show(Width)})";

    private static string Show(int? size) => size?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "null";
}
