namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="MultiMarginLoss"/>
    /// <param name="margin">How much larger the right score should be. Default 1.</param>
    public static MultiMarginLoss MultiMargin(double margin = 1) => new() { Margin = margin };
}

/// <summary>
/// Of scores [N, C] with class indices [N]: the sum over the wrong classes of max(0, margin − x[y] + x[i])^p, divided by C.
/// </summary>
public sealed record MultiMarginLoss : Loss
{
    /// <summary>Exponent: 1 or 2. Default 1.</summary>
    public int P
    {
        get;
        init => field = value is 1 or 2
            ? value
            : throw new ArgumentOutOfRangeException(nameof(P), value, "P must be 1 or 2.");
    } = 1;

    /// <summary>How much larger the right score should be. Default 1.</summary>
    public double Margin { get; init => field = Check.Finite(value); } = 1;

    /// <summary>Weight of each class; null weighs them alike. Default null.</summary>
    public ValueArray<double>? Weight { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config
            .Add("p", P)
            .Add("margin", Margin)
            .Add("weight", Weight);
    }
}
