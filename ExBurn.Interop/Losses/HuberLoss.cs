namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="HuberLoss"/>
    /// <param name="delta">Where the parabola ends. Default 1.</param>
    public static HuberLoss Huber(double delta = 1) => new() { Delta = delta };
}

/// <summary>
/// d² / 2 where |d| is at most delta, delta (|d| − delta / 2) elsewhere, d the difference of prediction and target.
/// </summary>
public sealed record HuberLoss : Loss
{
    /// <summary>Where the parabola ends. Default 1.</summary>
    public double Delta { get; init => field = Check.Positive(value); } = 1;

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config.Add("delta", Delta);
    }
}
