namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="PoissonNLLLoss"/>
    /// <param name="logInput">Whether the prediction is the logarithm of the rate. Default yes.</param>
    public static PoissonNLLLoss Poisson(bool logInput = true) => new() { LogInput = logInput };
}

/// <summary>
/// Negative log-likelihood of counts under a Poisson distribution: exp(x) − t x, or x − t log(x + eps) when the prediction is the rate
/// itself.
/// </summary>
public sealed record PoissonNLLLoss : Loss
{
    /// <summary>Whether the prediction is the logarithm of the rate. Default yes.</summary>
    public bool LogInput { get; init; } = true;

    /// <summary>Whether Stirling's term is added for targets above 1. Default no.</summary>
    public bool Full { get; init; }

    /// <summary>Added to the rate before its logarithm is taken. Default 1e-8.</summary>
    public double Eps { get; init => field = Check.NonNegative(value); } = 1e-8;

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config
            .Add("log_input", LogInput)
            .Add("full", Full)
            .Add("eps", Eps);
    }
}
