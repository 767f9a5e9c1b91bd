namespace ExBurn;

/// <summary>Rows of the parts of a split.</summary>
internal static class SplitSizes
{
    // 0.29 * 100 is 28.999...96: a product within rounding of a whole number is that number.
    private const double Rounding = 1e-9;

    /// <summary>A share of the rows, rounded down.</summary>
    public static int Share(int rows, double fraction) => Math.Min(rows, (int)Math.Floor((rows * fraction) + Rounding));

    /// <summary>As torch.utils.data.random_split: rounded down, the rest to the first parts, one row each.</summary>
    public static ulong[] Of(int rows, IReadOnlyList<double> fractions)
    {
        var total = 0.0;
        foreach (var fraction in fractions)
            total += Check.Probability(fraction, nameof(fractions));
        if (Math.Abs(total - 1) > 1e-6)
            throw new ArgumentException(FormattableString.Invariant($"The shares of the parts must add up to 1, found {total}."), nameof(fractions));
        var sizes = fractions.Select(fraction => Share(rows, fraction)).ToArray();
        var left = rows - sizes.Sum();
        for (var part = 0; left > 0; part = (part + 1) % sizes.Length, left--)
            sizes[part]++;
        return [.. sizes.Select(size => (ulong)size)];
    }
}
