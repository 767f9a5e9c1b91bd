namespace ExBurn;

public abstract partial record Metric
{
    /// <inheritdoc cref="RootMeanSquaredErrorMetric"/>
    public static RootMeanSquaredErrorMetric RootMeanSquaredError() => new();
}

/// <summary>Root of the mean of (prediction − target)² over all elements of an epoch, both of one shape.</summary>
public sealed record RootMeanSquaredErrorMetric() : Metric("root_mean_squared_error")
{
    /// <inheritdoc/>
    public override bool HigherIsBetter => false;
}
