using System.Globalization;

namespace ExBurn;

/// <summary>One column of a CSV file in the making: numbers, or texts that become numbers of categories.</summary>
internal abstract class CsvColumn(string name, int place)
{
    public string Name => name;

    public int Field => place;

    /// <summary>Columns of floats that it becomes.</summary>
    public virtual int Width => 1;

    /// <summary>Names of those columns.</summary>
    public virtual IEnumerable<string> Names => [name];

    /// <summary>Takes the text of a row; false where the row is to be left out.</summary>
    public abstract bool TryAdd(string text, CsvPlace place);

    /// <summary>Takes the last row back.</summary>
    public abstract void RemoveLast();

    /// <summary>All rows have been read.</summary>
    public abstract void Complete();

    /// <summary>Writes a row's values.</summary>
    public abstract void Write(int row, Span<float> to);
}

/// <summary>Where a text stands, and what it means when it is missing.</summary>
internal readonly record struct CsvPlace(string File, long Line, CsvOptions Options)
{
    public bool IsMissing(string text) => Options.MissingTexts.AsSpan().IndexOf(text.Trim()) >= 0;

    public DataFormatException Wrong(string column, string expected, string found)
        => new(File, $"line {Line}, column '{column}'", expected, found.Length == 0 ? "nothing" : $"'{found}'");
}

internal sealed class CsvNumbers(string name, int field) : CsvColumn(name, field)
{
    private readonly List<float> _values = [];
    private readonly List<int> _missing = [];

    public override bool TryAdd(string text, CsvPlace place)
    {
        if (!place.IsMissing(text))
        {
            if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
                throw place.Wrong(Name, "a number", text);
            _values.Add((float)value);
            return true;
        }
        switch (place.Options.Missing)
        {
            case MissingValues.SkipRow:
                return false;
            case MissingValues.Zero:
                _values.Add(0);
                return true;
            case MissingValues.Mean:
                _missing.Add(_values.Count);
                _values.Add(0);
                return true;
            case MissingValues.NaN:
                _values.Add(float.NaN);
                return true;
            default:
                throw place.Wrong(Name, "a number", text);
        }
    }

    public override void RemoveLast()
    {
        _values.RemoveAt(_values.Count - 1);
        if (_missing.Count > 0 && _missing[_missing.Count - 1] == _values.Count)
            _missing.RemoveAt(_missing.Count - 1);
    }

    public override void Complete()
    {
        var present = _values.Count - _missing.Count;
        if (_missing.Count == 0 || present == 0)
            return;
        // Those that are missing stand as 0, so they add nothing.
        var mean = (float)(_values.Sum(value => (double)value) / present);
        foreach (var row in _missing)
            _values[row] = mean;
    }

    public override void Write(int row, Span<float> to) => to[0] = _values[row];
}

internal sealed class CsvCategories(string name, int field, bool oneHot) : CsvColumn(name, field)
{
    private readonly List<int> _rows = [];
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<string> _texts = [];
    private bool _isFixed;
    private int[] _places = [];

    public override int Width => oneHot ? Values.Count : 1;

    public override IEnumerable<string> Names => oneHot ? Values.Select(value => $"{Name}={value}") : [Name];

    /// <summary>The categories by their number.</summary>
    public IReadOnlyList<string> Values { get; private set; } = [];

    /// <summary>The number of each row's category.</summary>
    public int[] Indices => [.. _rows.Select(row => _places[row])];

    /// <summary>Allows only these categories, in this order.</summary>
    public void Fix(IReadOnlyList<string> values)
    {
        foreach (var value in values)
            Number(value);
        _isFixed = true;
    }

    public override bool TryAdd(string text, CsvPlace place)
    {
        var value = text.Trim();
        if (_numbers.TryGetValue(value, out var known))
        {
            _rows.Add(known);
            return true;
        }
        if (place.IsMissing(value))
            return place.Options.Missing == MissingValues.SkipRow ? false : throw place.Wrong(Name, "a category", text);
        if (_isFixed)
            throw place.Wrong(Name, $"one of {string.Join(", ", _texts)}", text);
        _rows.Add(Number(value));
        return true;
    }

    public override void RemoveLast() => _rows.RemoveAt(_rows.Count - 1);

    public override void Complete()
    {
        var order = Enumerable.Range(0, _texts.Count).ToArray();
        if (!_isFixed)
            Array.Sort(order, Compare());
        Values = [.. order.Select(number => _texts[number])];
        _places = new int[order.Length];
        for (var place = 0; place < order.Length; place++)
            _places[order[place]] = place;
    }

    public override void Write(int row, Span<float> to)
    {
        if (!oneHot)
        {
            to[0] = _places[_rows[row]];
            return;
        }
        to.Clear();
        to[_places[_rows[row]]] = 1;
    }

    private Comparison<int> Compare()
    {
        var whole = new long[_texts.Count];
        for (var i = 0; i < whole.Length; i++)
            if (!long.TryParse(_texts[i], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out whole[i]))
                return (a, b) => string.CompareOrdinal(_texts[a], _texts[b]);
        return (a, b) => whole[a].CompareTo(whole[b]);
    }

    private int Number(string value)
    {
        _numbers.Add(value, _texts.Count);
        _texts.Add(value);
        return _texts.Count - 1;
    }
}
