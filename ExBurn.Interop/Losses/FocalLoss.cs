namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="FocalLoss"/>
    /// <param name="gamma">How strongly what is right already counts less; 0 is cross-entropy. Default 2.</param>
    /// <param name="alpha">Weight of each class; null weighs them alike. Default null.</param>
    public static FocalLoss Focal(double gamma = 2, ValueArray<double>? alpha = null) => new() { Gamma = gamma, Alpha = alpha };
}

/// <summary>
/// Focal loss of logits [N, C] or [N, C, d1, ...] with class indices: −alpha[y] (1 − p[y])^gamma log p[y]. The mean is over all targets.
/// </summary>
public sealed record FocalLoss : Loss
{
    /// <summary>How strongly what is right already counts less; 0 is cross-entropy. Default 2.</summary>
    public double Gamma { get; init => field = Check.NonNegative(value); } = 2;

    /// <summary>Weight of each class; null weighs them alike. Default null.</summary>
    public ValueArray<double>? Alpha { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config
            .Add("gamma", Gamma)
            .Add("alpha", Alpha);
    }
}
