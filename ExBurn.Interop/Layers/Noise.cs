namespace ExBurn;

/// <summary>In training adds N(0, std²) to every element; otherwise passes the input on. Any shape, no state.</summary>
/// <param name="Std">Standard deviation of the noise.</param>
public sealed record GaussianNoise(double Std = 0.1) : Layer
{
    /// <summary>Standard deviation of the noise. Default 0.1.</summary>
    public double Std { get; init => field = Check.NonNegative(value); } = Check.NonNegative(Std);

    internal override void WriteConfig(ConfigWriter config) => config.Add("std", Std);
}

/// <summary>
/// In training multiplies every element by N(1, p / (1 − p)), as much noise as <see cref="Dropout"/> of p brings; otherwise
/// passes the input on. Any shape, no state.
/// </summary>
/// <param name="P">From 0 to below 1.</param>
public sealed record GaussianDropout(double P = 0.5) : Layer
{
    /// <summary>From 0 to below 1. Default 0.5.</summary>
    public double P { get; init => field = Check.Fraction(value); } = Check.Fraction(P);

    internal override void WriteConfig(ConfigWriter config) => config.Add("p", P);
}
