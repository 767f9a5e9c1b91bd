namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="BinaryFocalLoss"/>
    /// <param name="gamma">How strongly what is right already counts less; 0 is cross-entropy. Default 2.</param>
    /// <param name="alpha">Weight of positives, 1 − alpha that of negatives; below 0: no such weights. At most 1. Default 0.25.</param>
    public static BinaryFocalLoss BinaryFocal(double gamma = 2, double alpha = 0.25) => new() { Gamma = gamma, Alpha = alpha };
}

/// <summary>
/// Focal loss of logits with targets from 0 to 1, both of one shape: the binary cross-entropy times alpha_t (1 − p_t)^gamma.
/// </summary>
public sealed record BinaryFocalLoss : Loss
{
    /// <summary>How strongly what is right already counts less; 0 is cross-entropy. Default 2.</summary>
    public double Gamma { get; init => field = Check.NonNegative(value); } = 2;

    /// <summary>Weight of positives, 1 − alpha that of negatives; below 0: no such weights. At most 1. Default 0.25.</summary>
    public double Alpha
    {
        get;
        init => field = Check.Finite(value) <= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Alpha), value, "Alpha must be at most 1.");
    } = 0.25;

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config
            .Add("gamma", Gamma)
            .Add("alpha", Alpha);
    }
}
