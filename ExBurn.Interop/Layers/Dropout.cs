namespace ExBurn;

/// <summary>In training sets elements to zero at random and divides the others by 1 − p; otherwise passes the input on. Any shape, no state.</summary>
/// <param name="P">Probability of zero, from 0 to 1.</param>
public sealed record Dropout(double P = 0.5) : Layer
{
    /// <summary>Probability of zero, from 0 to 1. Default 0.5.</summary>
    public double P { get; init => field = Check.Probability(value); } = Check.Probability(P);

    internal override void WriteConfig(ConfigWriter config) => config.Add("p", P);
}
