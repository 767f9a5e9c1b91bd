namespace ExBurn;

public abstract partial record Metric
{
    /// <inheritdoc cref="RecallMetric"/>
    /// <param name="average">How the scores of the classes become one.</param>
    public static RecallMetric Recall(Average average = Average.Macro) => new() { Average = average };
}

/// <summary>Share of a class's targets that are found, from 0 to 1.</summary>
public sealed record RecallMetric() : ClassificationMetric("recall");
