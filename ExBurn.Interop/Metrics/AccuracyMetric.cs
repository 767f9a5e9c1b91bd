namespace ExBurn;

public abstract partial record Metric
{
    /// <inheritdoc cref="AccuracyMetric"/>
    public static AccuracyMetric Accuracy() => new();
}

/// <summary>
/// Share of the targets that were predicted, from 0 to 1. Predictions [N, C, ...] (logits or probabilities) against class indices
/// [N, ...] or probabilities: the largest along C is the predicted class. Predictions [N] or [N, 1]: compared with <see cref="Threshold"/>.
/// </summary>
public sealed record AccuracyMetric() : Metric("accuracy")
{
    /// <summary>Above it a single output means yes; 0 for logits. Default 0.5.</summary>
    public double Threshold { get; init => field = Check.Finite(value); } = 0.5;

    /// <summary>A class index whose targets do not count. Default -100.</summary>
    public int IgnoreIndex { get; init; } = -100;

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("threshold", Threshold)
        .Add("ignore_index", IgnoreIndex);
}
