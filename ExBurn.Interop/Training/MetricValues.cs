using System.Collections;
using System.Globalization;

namespace ExBurn;

/// <summary>Values of the model's metrics by name. A value: up to four metrics are held without memory of their own.</summary>
public readonly struct MetricValues : IEnumerable<KeyValuePair<string, double>>
{
    private const int Inline = 4;
    private readonly string[]? _names;
    private readonly double _first, _second, _third, _fourth;
    private readonly double[]? _others;

    internal MetricValues(string[] names, ReadOnlySpan<double> values)
    {
        _names = names;
        _first = At(values, 0);
        _second = At(values, 1);
        _third = At(values, 2);
        _fourth = At(values, 3);
        _others = names.Length > Inline ? values.Slice(Inline, names.Length - Inline).ToArray() : null;
    }

    /// <summary>Number of metrics.</summary>
    public int Count => _names?.Length ?? 0;

    /// <summary>Names of the metrics, in the order given to Compile.</summary>
    public IReadOnlyList<string> Names => _names ?? [];

    /// <summary>Value of a metric.</summary>
    /// <exception cref="KeyNotFoundException">The model has no metric of that name; the message lists those it has.</exception>
    public double this[string name] => TryGet(name, out var value)
        ? value
        : throw new KeyNotFoundException($"There is no metric '{name}'; the model has: {string.Join(", ", Names)}.");

    /// <summary>Value of a metric by its position.</summary>
    public double this[int index] => index < 0 || index >= Count
        ? throw new ArgumentOutOfRangeException(nameof(index), index, $"The model has {Count} metrics.")
        : index switch
        {
            0 => _first,
            1 => _second,
            2 => _third,
            3 => _fourth,
            _ => _others![index - Inline],
        };

    /// <summary>Value of a metric, where the model has it.</summary>
    public bool TryGet(string name, out double value)
    {
        var index = _names is null ? -1 : Array.IndexOf(_names, name);
        value = index < 0 ? double.NaN : this[index];
        return index >= 0;
    }

    /// <summary>Reads as <c>accuracy 0.9731</c>.</summary>
    public override string ToString()
        => string.Join(", ", this.Select(metric => string.Format(CultureInfo.InvariantCulture, "{0} {1:0.####}", metric.Key, metric.Value)));

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, double>> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
            yield return new(_names![i], this[i]);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static double At(ReadOnlySpan<double> values, int index) => index < values.Length ? values[index] : 0;
}
