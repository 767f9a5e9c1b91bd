using System.Runtime.CompilerServices;

namespace ExBurn;

/// <summary>
/// Argument checks that return the checked value, so that a property stays one line.
/// The name in the error is the property (or parameter) that the value is meant for.
/// </summary>
internal static partial class Check
{
    public static T NotNull<T>(T? value, [CallerMemberName] string name = "") where T : class
        => value ?? throw new ArgumentNullException(name);

    public static int AtLeast(int least, int value, [CallerMemberName] string name = "")
        => value >= least ? value : throw OutOfRange(value, $"at least {least}", name);

    public static double AtLeast(double least, double value, [CallerMemberName] string name = "")
        => value >= least ? value : throw OutOfRange(value, $"at least {least}", name);

    public static int Positive(int value, [CallerMemberName] string name = "") => AtLeast(1, value, name);

    public static Size2 Positive(Size2 value, [CallerMemberName] string name = "")
        => value.Height >= 1 && value.Width >= 1 ? value : throw OutOfRange(value, "at least 1 each", name);

    public static Size2? Positive(Size2? value, [CallerMemberName] string name = "")
        => value is { } size ? Positive(size, name) : null;

    public static OutputSize2 Positive(OutputSize2 value, [CallerMemberName] string name = "")
        => value is { Height: null or >= 1, Width: null or >= 1 } ? value : throw OutOfRange(value, "at least 1 each", name);

    public static Size2 NonNegative(Size2 value, [CallerMemberName] string name = "")
        => value.Height >= 0 && value.Width >= 0 ? value : throw OutOfRange(value, "at least 0 each", name);

    /// <summary>A finite number of at least zero.</summary>
    public static double NonNegative(double value, [CallerMemberName] string name = "")
        => value >= 0 && !double.IsInfinity(value) ? value : throw OutOfRange(value, "a finite number of at least 0", name);

    /// <summary>A finite number above zero.</summary>
    public static double Positive(double value, [CallerMemberName] string name = "")
        => value > 0 && !double.IsInfinity(value) ? value : throw OutOfRange(value, "a finite number above 0", name);

    public static double? Positive(double? value, [CallerMemberName] string name = "")
        => value is { } number ? Positive(number, name) : null;

    public static double Finite(double value, [CallerMemberName] string name = "")
        => !double.IsNaN(value) && !double.IsInfinity(value) ? value : throw OutOfRange(value, "a finite number", name);

    /// <summary>Two finite numbers of which the second is not below the first.</summary>
    public static void Range(double low, double high, string lowName, string highName)
    {
        Finite(low, lowName);
        if (!(Finite(high, highName) >= low))
            throw OutOfRange(high, $"at least {lowName} ({low})", highName);
    }

    /// <summary>A number in [0, 1].</summary>
    public static double Probability(double value, [CallerMemberName] string name = "")
        => value is >= 0 and <= 1 ? value : throw OutOfRange(value, "from 0 to 1", name);

    /// <summary>A number in [0, 1).</summary>
    public static double Fraction(double value, [CallerMemberName] string name = "")
        => value is >= 0 and < 1 ? value : throw OutOfRange(value, "at least 0 and below 1", name);

    /// <summary>A pair of numbers in [0, 1), as the decay rates of Adam.</summary>
    public static (double First, double Second) Betas((double First, double Second) value, [CallerMemberName] string name = "")
        => value.First is >= 0 and < 1 && value.Second is >= 0 and < 1
            ? value
            : throw OutOfRange(value, "at least 0 and below 1 each", name);

    /// <summary>A shape with at least one dimension.</summary>
    public static Shape NotEmpty(Shape value, [CallerMemberName] string name = "")
        => value.Rank > 0 ? value : throw new ArgumentException($"{name} must have at least one dimension.", name);

    /// <summary>A shape with at least one dimension and sizes of at least one.</summary>
    public static Shape Sizes(Shape value, [CallerMemberName] string name = "")
    {
        foreach (var size in NotEmpty(value, name))
            if (size < 1)
                throw OutOfRange(value, "sizes of at least 1", name);
        return value;
    }

    private static ArgumentOutOfRangeException OutOfRange(object value, string allowed, string name)
        => new(name, value, $"{name} must be {allowed}.");
}
