namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="TripletMarginLoss"/>
    /// <param name="margin">How much farther the negative should be. Default 1.</param>
    public static TripletMarginLoss TripletMargin(double margin = 1) => new() { Margin = margin };
}

/// <summary>
/// max(0, d(x, positive) − d(x, negative) + margin) per row, d the distance along the last dimension. Two targets of the prediction's
/// shape: the positives and the negatives.
/// </summary>
public sealed record TripletMarginLoss : Loss
{
    /// <summary>How much farther the negative should be. Default 1.</summary>
    public double Margin { get; init => field = Check.Positive(value); } = 1;

    /// <summary>Order of the norm, at least 1. Default 2.</summary>
    public double P
    {
        get;
        init => field = Check.Finite(value) >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(P), value, "P must be at least 1.");
    } = 2;

    /// <summary>Added to each difference. Default 1e-6.</summary>
    public double Eps { get; init => field = Check.NonNegative(value); } = 1e-6;

    /// <summary>Whether the distance between positive and negative counts where it is the smaller one. Default no.</summary>
    public bool Swap { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config
            .Add("margin", Margin)
            .Add("p", P)
            .Add("eps", Eps)
            .Add("swap", Swap);
    }
}
