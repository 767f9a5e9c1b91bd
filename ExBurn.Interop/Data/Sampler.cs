using System.Text.Json;

namespace ExBurn;

/// <summary>Which rows an epoch draws, and in what order: <see cref="FitOptions.Sampler"/>. Everything follows from seed and epoch. Immutable.</summary>
public abstract record Sampler
{
    private protected Sampler()
    {
    }

    /// <summary>The rows as they lie, as with <see cref="FitOptions.Shuffle"/> off.</summary>
    public static Sampler Sequential() => new SimpleSampler("Sequential");

    /// <summary>All rows in a new random order each epoch, as with <see cref="FitOptions.Shuffle"/> on.</summary>
    public static Sampler Random() => new SimpleSampler("Random");

    /// <summary>All rows in a new random order each epoch in which every batch holds the classes in nearly their shares of the whole.</summary>
    /// <param name="target">Number of the integer target. Default 0.</param>
    public static Sampler Stratified(int target = 0) => new StratifiedSampler(Check.AtLeast(0, target, nameof(target)));

    /// <summary>Rows drawn with a probability in proportion to their weights, as <c>torch.utils.data.WeightedRandomSampler</c>.</summary>
    /// <param name="weights">One per row, finite and at least 0, at least one above 0.</param>
    /// <param name="samples">Rows drawn in an epoch; default as many as there are weights.</param>
    /// <param name="replacement">Whether a row may be drawn several times. Default true.</param>
    /// <exception cref="ArgumentOutOfRangeException">A weight is negative or not finite, or no row is to be drawn.</exception>
    public static Sampler Weighted(ValueArray<double> weights, int? samples = null, bool replacement = true)
    {
        foreach (var weight in weights)
            Check.NonNegative(weight, nameof(weights));
        return new WeightedSampler(weights, Check.Positive(samples ?? weights.Count, nameof(samples)), replacement);
    }

    /// <summary>Rows drawn with replacement so that all classes come equally often.</summary>
    /// <param name="target">Number of the integer target. Default 0.</param>
    /// <param name="samples">Rows drawn in an epoch; default as many as the dataset has.</param>
    public static Sampler Balanced(int target = 0, int? samples = null)
        => new BalancedSampler(Check.AtLeast(0, target, nameof(target)), samples is { } given ? Check.Positive(given, nameof(samples)) : null);

    internal abstract void WriteTo(Utf8JsonWriter json, int rows);

    /// <summary>The weights of the rows; empty where there are none.</summary>
    internal virtual ReadOnlySpan<double> Weights(Dataset data) => default;

    /// <summary>Writes <c>{"type": ..., "config": {...}}</c>.</summary>
    private protected static void Write(Utf8JsonWriter json, string type, Action<ConfigWriter>? config = null)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        json.WriteStartObject("config");
        config?.Invoke(new ConfigWriter(json));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private sealed record SimpleSampler(string Type) : Sampler
    {
        internal override void WriteTo(Utf8JsonWriter json, int rows) => Write(json, Type);
    }

    private sealed record StratifiedSampler(int Target) : Sampler
    {
        internal override void WriteTo(Utf8JsonWriter json, int rows) => Write(json, "Stratified", config => config.Add("target", Target));
    }

    private sealed record WeightedSampler(ValueArray<double> RowWeights, int Samples, bool Replacement) : Sampler
    {
        internal override void WriteTo(Utf8JsonWriter json, int rows)
            => Write(json, "Weighted", config => config.Add("samples", Samples).Add("replacement", Replacement));

        internal override ReadOnlySpan<double> Weights(Dataset data) => RowWeights.Count == data.Count
            ? RowWeights.AsSpan()
            : throw new ArgumentException($"The sampler has {RowWeights.Count} weights, the training data {data.Count} rows.");
    }

    private sealed record BalancedSampler(int Target, int? Samples) : Sampler
    {
        internal override void WriteTo(Utf8JsonWriter json, int rows)
            => Write(json, "Weighted", config => config.Add("samples", Samples ?? rows));

        internal override ReadOnlySpan<double> Weights(Dataset data) => data.BalancedRowWeights(Target);
    }
}
