namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="BCELoss"/>
    /// <param name="weight">Weight of each position of the last dimension; null weighs them alike. Default null.</param>
    public static BCELoss BinaryCrossEntropy(ValueArray<double>? weight = null) => new() { Weight = weight };
}

/// <summary>
/// Binary cross-entropy of probabilities with targets from 0 to 1, both floats of one shape. Logarithms end at -100. For logits <see
/// cref="BCEWithLogitsLoss"/> is more exact.
/// </summary>
public sealed record BCELoss : Loss
{
    /// <summary>Weight of each position of the last dimension; null weighs them alike. Default null.</summary>
    public ValueArray<double>? Weight { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config.Add("weight", Weight);
    }
}
