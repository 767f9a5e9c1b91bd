namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="BCEWithLogitsLoss"/>
    /// <param name="positiveWeight">Weight of the positives, for each position of the last dimension or one for all. Default null: 1.</param>
    public static BCEWithLogitsLoss BinaryCrossEntropyWithLogits(ValueArray<double>? positiveWeight = null)
        => new() { PositiveWeight = positiveWeight };
}

/// <summary>Binary cross-entropy of logits with targets from 0 to 1, both of one shape; stable for every logit.</summary>
public sealed record BCEWithLogitsLoss : Loss
{
    /// <summary>Weight of the positives, for each position of the last dimension or one for all. Default null: 1.</summary>
    public ValueArray<double>? PositiveWeight { get; init; }

    /// <summary>Weight of each position of the last dimension; null weighs them alike. Default null.</summary>
    public ValueArray<double>? Weight { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config
            .Add("pos_weight", PositiveWeight)
            .Add("weight", Weight);
    }
}
