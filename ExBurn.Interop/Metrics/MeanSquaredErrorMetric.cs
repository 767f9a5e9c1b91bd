namespace ExBurn;

public abstract partial record Metric
{
    /// <inheritdoc cref="MeanSquaredErrorMetric"/>
    public static MeanSquaredErrorMetric MeanSquaredError() => new();
}

/// <summary>Mean of (prediction − target)² over all elements of an epoch, both of one shape.</summary>
public sealed record MeanSquaredErrorMetric() : Metric("mean_squared_error")
{
    /// <inheritdoc/>
    public override bool HigherIsBetter => false;
}
