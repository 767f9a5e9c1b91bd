namespace ExBurn.Tests.Support;

/// <summary>Comparison of arrays: |found - expected| &lt;= absolute + relative * |expected|, as numpy.allclose has it.</summary>
internal static class Close
{
    public static void Check(ReadOnlySpan<double> expected, ReadOnlySpan<double> found, double relative, double absolute, string what)
    {
        Assert.True(expected.Length == found.Length, $"{what}: expected {expected.Length} elements, found {found.Length}");
        var worst = -1;
        var worstExcess = 0.0;
        for (var i = 0; i < expected.Length; i++)
        {
            var same = expected[i].Equals(found[i]);   // also infinities and NaN
            var excess = same ? 0 : Math.Abs(found[i] - expected[i]) - absolute - (relative * Math.Abs(expected[i]));
            if (excess > worstExcess || double.IsNaN(excess))
            {
                worst = i;
                worstExcess = double.IsNaN(excess) ? double.PositiveInfinity : excess;
            }
        }

        Assert.True(
            worst < 0,
            worst < 0 ? what : $"{what}: element {worst}: expected {expected[worst]:R}, found {found[worst]:R} (relative {relative:R}, absolute {absolute:R})");
    }

    public static void Check(ReadOnlySpan<double> expected, ReadOnlySpan<float> found, double relative, double absolute, string what)
    {
        var wide = new double[found.Length];
        for (var i = 0; i < wide.Length; i++)
        {
            wide[i] = found[i];
        }

        Check(expected, wide, relative, absolute, what);
    }
}
