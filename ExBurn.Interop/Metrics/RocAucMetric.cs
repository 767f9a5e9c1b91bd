namespace ExBurn;

public abstract partial record Metric
{
    /// <inheritdoc cref="RocAucMetric"/>
    /// <param name="average">How the areas of the classes become one.</param>
    public static RocAucMetric RocAuc(Average average = Average.Macro) => new() { Average = average };
}

/// <summary>
/// Area under the receiver operating characteristic: the probability that a positive is scored above a negative, ties counting half. NaN
/// without a positive or without a negative.
/// </summary>
public sealed record RocAucMetric() : CurveMetric("roc_auc");
