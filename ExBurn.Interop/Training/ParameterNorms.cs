using System.Collections;

namespace ExBurn;

/// <summary>Norms of the gradients of a model's parameters by name; NaN for a parameter that has no gradient. Empty where they were not asked for.</summary>
public readonly struct ParameterNorms : IEnumerable<KeyValuePair<string, double>>
{
    private readonly string[]? _names;
    private readonly double[]? _values;

    internal ParameterNorms(string[] names, ReadOnlySpan<double> values)
    {
        if (values.IsEmpty)
            return;
        (_names, _values) = (names, values.ToArray());
    }

    /// <summary>Number of parameters.</summary>
    public int Count => _values?.Length ?? 0;

    /// <summary>Names of the parameters, in the model's order.</summary>
    public IReadOnlyList<string> Names => _values is null ? [] : _names!;

    /// <summary>Norm of a parameter's gradient; NaN where it has none.</summary>
    /// <exception cref="NameNotFoundException">There is no such parameter here.</exception>
    public double this[string name] => TryGet(name, out var norm) ? norm : throw new NameNotFoundException($"There is no norm of a parameter '{name}'.");

    /// <summary>Norm of a parameter's gradient, where it is known.</summary>
    public bool TryGet(string name, out double norm)
    {
        var index = Count == 0 ? -1 : Array.IndexOf(_names!, name);
        norm = index < 0 ? double.NaN : _values![index];
        return index >= 0;
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, double>> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
            yield return new(_names![i], _values![i]);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal ReadOnlySpan<double> Values => _values;
}
