namespace ExBurn;

public abstract partial record Metric
{
    /// <inheritdoc cref="R2Metric"/>
    public static R2Metric R2() => new();
}

/// <summary>Coefficient of determination: 1 less the share of the targets' variance that the predictions miss, averaged over columns. NaN below two rows.</summary>
public sealed record R2Metric() : Metric("r2");
