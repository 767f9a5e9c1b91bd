namespace ExBurn;

/// <summary>x, but at least a minimum and at most a maximum. Any shape, no state.</summary>
/// <param name="MinVal">The minimum.</param>
/// <param name="MaxVal">The maximum, above <paramref name="MinVal"/>.</param>
public sealed record Hardtanh(double MinVal = -1, double MaxVal = 1) : Layer
{
    /// <summary>The minimum. Default -1.</summary>
    public double MinVal { get; init => field = Check.Finite(value); } = Check.Finite(MinVal);

    /// <summary>The maximum, above <see cref="MinVal"/>. Default 1.</summary>
    public double MaxVal { get; init => field = Check.Finite(value); } = Check.Finite(MaxVal);

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("min_val", MinVal)
        .Add("max_val", MaxVal);
}

/// <summary>x / 6 + 1/2, but at least 0 and at most 1. Any shape, no state.</summary>
public sealed record Hardsigmoid : Layer;

/// <summary>x times <see cref="Hardsigmoid"/> of x. Any shape, no state.</summary>
public sealed record Hardswish : Layer;

/// <summary>x where |x| is above lambda, 0 elsewhere. Any shape, no state.</summary>
/// <param name="Lambda">Half the width of the zero range.</param>
public sealed record Hardshrink(double Lambda = 0.5) : Layer
{
    /// <summary>Half the width of the zero range. Default 0.5.</summary>
    public double Lambda { get; init => field = Check.NonNegative(value); } = Check.NonNegative(Lambda);

    internal override void WriteConfig(ConfigWriter config) => config.Add("lambd", Lambda);
}

/// <summary>x moved towards 0 by lambda, 0 on the way. Any shape, no state.</summary>
/// <param name="Lambda">How far.</param>
public sealed record Softshrink(double Lambda = 0.5) : Layer
{
    /// <summary>How far. Default 0.5.</summary>
    public double Lambda { get; init => field = Check.NonNegative(value); } = Check.NonNegative(Lambda);

    internal override void WriteConfig(ConfigWriter config) => config.Add("lambd", Lambda);
}
