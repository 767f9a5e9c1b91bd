namespace ExBurn;

public abstract partial record Metric
{
    /// <inheritdoc cref="TopKAccuracyMetric"/>
    /// <param name="k">How many of the highest scores count.</param>
    public static TopKAccuracyMetric TopKAccuracy(int k = 5) => new() { K = k };
}

/// <summary>
/// Share of the targets among the k highest of the scores [N, C, ...], from 0 to 1; of equal scores the first are the higher ones.
/// Targets are class indices [N, ...] or shares of the scores' shape.
/// </summary>
public sealed record TopKAccuracyMetric() : Metric("top_k_accuracy")
{
    /// <summary>How many of the highest scores count. Default 5.</summary>
    public int K { get; init => field = Check.Positive(value); } = 5;

    /// <summary>A class index whose targets do not count. Default -100.</summary>
    public int IgnoreIndex { get; init; } = -100;

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("k", K)
        .Add("ignore_index", IgnoreIndex);
}
