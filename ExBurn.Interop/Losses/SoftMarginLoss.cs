namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="SoftMarginLoss"/>
    public static SoftMarginLoss SoftMargin() => new();
}

/// <summary>log(1 + exp(−y x)) with labels y of 1 and −1, of the prediction's shape.</summary>
public sealed record SoftMarginLoss : Loss;
