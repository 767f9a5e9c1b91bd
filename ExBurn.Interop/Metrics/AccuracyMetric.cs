namespace ExBurn;

public abstract partial record Metric
{
    /// <inheritdoc cref="AccuracyMetric"/>
    public static AccuracyMetric Accuracy() => new();
}

/// <summary>Share of the rows whose largest logit is at the target class, from 0 to 1. Logits [N, C, ...], targets as for cross-entropy.</summary>
public sealed record AccuracyMetric() : Metric("accuracy");
