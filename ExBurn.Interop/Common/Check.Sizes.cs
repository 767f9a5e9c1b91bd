using System.Runtime.CompilerServices;

namespace ExBurn;

/// <summary>Checks of the sizes of layers over 1 to 3 dimensions.</summary>
internal static partial class Check
{
    public static int? Positive(int? value, [CallerMemberName] string name = "")
        => value is { } size ? Positive(size, name) : null;

    public static Size3 Positive(Size3 value, [CallerMemberName] string name = "")
        => value is { Depth: >= 1, Height: >= 1, Width: >= 1 } ? value : throw OutOfRange(value, "at least 1 each", name);

    public static Size3? Positive(Size3? value, [CallerMemberName] string name = "")
        => value is { } size ? Positive(size, name) : null;

    public static OutputSize3 Positive(OutputSize3 value, [CallerMemberName] string name = "")
        => value is { Depth: null or >= 1, Height: null or >= 1, Width: null or >= 1 } ? value : throw OutOfRange(value, "at least 1 each", name);

    public static SpatialSize? Positive(SpatialSize? value, [CallerMemberName] string name = "")
    {
        if (value is { } sizes)
            foreach (var size in sizes.Values)
                if (size < 1)
                    throw OutOfRange(sizes, "at least 1 each", name);
        return value;
    }

    public static SpatialScale? Positive(SpatialScale? value, [CallerMemberName] string name = "")
    {
        if (value is { } factors)
            foreach (var factor in factors.Values)
                if (!(factor > 0) || double.IsInfinity(factor))
                    throw OutOfRange(factors, "finite numbers above 0", name);
        return value;
    }

    public static Size3 NonNegative(Size3 value, [CallerMemberName] string name = "")
        => value is { Depth: >= 0, Height: >= 0, Width: >= 0 } ? value : throw OutOfRange(value, "at least 0 each", name);
}
