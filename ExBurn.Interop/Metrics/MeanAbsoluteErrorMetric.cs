namespace ExBurn;

public abstract partial record Metric
{
    /// <inheritdoc cref="MeanAbsoluteErrorMetric"/>
    public static MeanAbsoluteErrorMetric MeanAbsoluteError() => new();
}

/// <summary>Mean of |prediction − target| over all elements of an epoch, both of one shape.</summary>
public sealed record MeanAbsoluteErrorMetric() : Metric("mean_absolute_error")
{
    /// <inheritdoc/>
    public override bool HigherIsBetter => false;
}
