namespace ExBurn;

public abstract partial record Metric
{
    /// <inheritdoc cref="PerplexityMetric"/>
    public static PerplexityMetric Perplexity() => new();
}

/// <summary>
/// exp of the mean cross-entropy of logits (or log-probabilities) [N, C, ...] with class indices [N, ...], over all targets of an epoch.
/// </summary>
public sealed record PerplexityMetric() : Metric("perplexity")
{
    /// <summary>A class index whose targets do not count. Default -100.</summary>
    public int IgnoreIndex { get; init; } = -100;

    /// <inheritdoc/>
    public override bool HigherIsBetter => false;

    internal override void WriteConfig(ConfigWriter config) => config.Add("ignore_index", IgnoreIndex);
}
