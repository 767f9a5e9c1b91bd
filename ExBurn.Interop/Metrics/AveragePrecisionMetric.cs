namespace ExBurn;

public abstract partial record Metric
{
    /// <inheritdoc cref="AveragePrecisionMetric"/>
    /// <param name="average">How the areas of the classes become one.</param>
    public static AveragePrecisionMetric AveragePrecision(Average average = Average.Macro) => new() { Average = average };
}

/// <summary>Precision at each threshold, weighted by what the threshold adds to recall. NaN without a positive.</summary>
public sealed record AveragePrecisionMetric() : CurveMetric("average_precision");
