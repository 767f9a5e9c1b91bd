namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="MultiLabelSoftMarginLoss"/>
    /// <param name="weight">Weight of each class; null weighs them alike. Default null.</param>
    public static MultiLabelSoftMarginLoss MultiLabelSoftMargin(ValueArray<double>? weight = null) => new() { Weight = weight };
}

/// <summary>Binary cross-entropy of logits [N, C] with targets from 0 to 1 [N, C], averaged over the classes of a row.</summary>
public sealed record MultiLabelSoftMarginLoss : Loss
{
    /// <summary>Weight of each class; null weighs them alike. Default null.</summary>
    public ValueArray<double>? Weight { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config.Add("weight", Weight);
    }
}
