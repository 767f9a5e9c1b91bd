namespace ExBurn;

public abstract partial record Metric
{
    /// <inheritdoc cref="PrecisionMetric"/>
    /// <param name="average">How the scores of the classes become one.</param>
    public static PrecisionMetric Precision(Average average = Average.Macro) => new() { Average = average };
}

/// <summary>Share of the decisions for a class that are right, from 0 to 1.</summary>
public sealed record PrecisionMetric() : ClassificationMetric("precision");
