namespace ExBurn;

/// <summary>The columns of a CSV file while it is read.</summary>
internal sealed class CsvTable
{
    private readonly string[] _names;
    private readonly CsvOptions _options;
    private readonly List<CsvColumn> _inputs;
    private readonly List<CsvColumn> _targets;
    private readonly CsvColumn[] _all;
    private int _rows;

    public CsvTable(string[] names, CsvOptions options)
    {
        (_names, _options) = (names, options);
        foreach (var column in options.Ignored.Concat(options.Categorical).Concat(options.OneHot).Concat(options.Categories.Keys))
            Field(column);
        var inputs = options.Inputs ?? names.Where(column => !options.Targets.Contains(column) && !options.Ignored.Contains(column)).ToArray();
        if (inputs.Count == 0)
            throw new ArgumentException("No column is left for the input.");
        _inputs = [.. inputs.Select(Input)];
        _targets = [.. options.Targets.Select(Target)];
        _all = [.. _inputs, .. _targets];
        if (options.Categorical.Concat(options.OneHot).FirstOrDefault(column => !inputs.Contains(column)) is { } unused)
            throw new ArgumentException($"The column '{unused}' is named as one of categories, but is no input.");
    }

    public void Add(List<string> record, CsvPlace place)
    {
        for (var i = 0; i < _all.Length; i++)
        {
            if (_all[i].TryAdd(record[_all[i].Field], place))
                continue;
            while (--i >= 0)
                _all[i].RemoveLast();
            return;
        }
        _rows++;
    }

    public CsvDataset ToDataset()
    {
        foreach (var column in _all)
            column.Complete();
        var inputs = Floats(_inputs);
        var categories = _all.OfType<CsvCategories>().ToDictionary(column => column.Name, column => column.Values, StringComparer.Ordinal);
        List<TensorData> targets = [];
        if (_options.TargetsAreClasses)
            targets.AddRange(_targets.OfType<CsvCategories>().Select(column => new TensorData(new TensorView(column.Indices, [_rows]))));
        else if (_targets.Count > 0)
            targets.Add(Floats(_targets));
        var classes = _targets.Count > 0 && _targets[0] is CsvCategories first ? first.Values : [];
        return new(
            Dataset.FromArrays([inputs], targets, classes), [.. _inputs.SelectMany(column => column.Names)], [.. _targets.Select(column => column.Name)], categories);
    }

    private TensorData Floats(List<CsvColumn> columns)
    {
        var width = columns.Sum(column => column.Width);
        var values = new float[checked(_rows * width)];
        for (var row = 0; row < _rows; row++)
        {
            var to = values.AsSpan(row * width, width);
            foreach (var column in columns)
            {
                column.Write(row, to.Slice(0, column.Width));
                to = to.Slice(column.Width);
            }
        }
        return new(new TensorView(values, [_rows, width]));
    }

    private CsvColumn Input(string name)
    {
        var oneHot = _options.OneHot.Contains(name);
        return oneHot || _options.Categorical.Contains(name) ? Categories(name, oneHot) : new CsvNumbers(name, Field(name));
    }

    private CsvColumn Target(string name) => _options.TargetsAreClasses ? Categories(name, false) : new CsvNumbers(name, Field(name));

    private CsvCategories Categories(string name, bool oneHot)
    {
        var column = new CsvCategories(name, Field(name), oneHot);
        if (_options.Categories.TryGetValue(name, out var values))
            column.Fix(values);
        return column;
    }

    private int Field(string name)
    {
        var field = Array.IndexOf(_names, name);
        return field >= 0 ? field : throw new ArgumentException($"There is no column '{name}'; the table has {string.Join(", ", _names)}.");
    }
}
