namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="KLDivLoss"/>
    /// <param name="logTarget">Whether targets are log-probabilities too. Default no.</param>
    public static KLDivLoss KullbackLeibler(bool logTarget = false) => new() { LogTarget = logTarget };
}

/// <summary>
/// Divergence of log-probabilities (the prediction) from probabilities (the target) of the same shape: t (log t − x). <see
/// cref="Reduction.BatchMean"/> gives the divergence per row.
/// </summary>
public sealed record KLDivLoss : Loss
{
    /// <summary>Whether targets are log-probabilities too. Default no.</summary>
    public bool LogTarget { get; init; }

    private protected override bool HasBatchMean => true;

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config.Add("log_target", LogTarget);
    }
}
