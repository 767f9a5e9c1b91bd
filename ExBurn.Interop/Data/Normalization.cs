using System.Text.Json;

namespace ExBurn;

/// <summary>
/// A stored transform (x - shift) / scale with one shift and scale per group. Measured on the training data, then used on all data: datasets
/// (<see cref="Dataset.Normalize(Normalization, int)"/>) and the arrays of a prediction (<see cref="Apply(Span{float}, Shape)"/>). Immutable.
/// </summary>
public sealed record Normalization
{
    /// <summary>A transform of one's own.</summary>
    /// <param name="grouping">Which elements of a row share a shift and a scale.</param>
    /// <param name="shift">Subtracted, per group; finite.</param>
    /// <param name="scale">Divides after that, per group; finite and not 0.</param>
    /// <exception cref="ArgumentException">Different numbers of both, or a number that is not possible.</exception>
    public Normalization(StatisticsGrouping grouping, ValueArray<double> shift, ValueArray<double> scale)
    {
        if (shift.Count == 0 || shift.Count != scale.Count)
            throw new ArgumentException($"There must be as many shifts as scales, at least one; found {shift.Count} and {scale.Count}.", nameof(scale));
        foreach (var value in shift)
            Check.Finite(value, nameof(shift));
        foreach (var value in scale)
            if (Check.Finite(value, nameof(scale)) == 0)
                throw new ArgumentOutOfRangeException(nameof(scale), value, "A scale must not be 0.");
        (Grouping, Shift, Scale) = (grouping, shift, scale);
    }

    /// <summary>Which elements of a row share a shift and a scale.</summary>
    public StatisticsGrouping Grouping { get; }

    /// <summary>Subtracted, per group.</summary>
    public ValueArray<double> Shift { get; }

    /// <summary>Divides after that, per group.</summary>
    public ValueArray<double> Scale { get; }

    /// <summary>The transform that takes normalised values back: x * scale + shift.</summary>
    public Normalization Inverse()
    {
        var (shift, scale) = (new double[Shift.Count], new double[Shift.Count]);
        for (var i = 0; i < shift.Length; i++)
            (shift[i], scale[i]) = (-Shift[i] / Scale[i], 1 / Scale[i]);
        return new(Grouping, shift, scale);
    }

    /// <summary>Transforms values in place.</summary>
    /// <param name="values">Whole rows, one after the other.</param>
    /// <param name="row">Shape of one row, without the batch dimension.</param>
    /// <exception cref="ArgumentException">The values are no whole rows, or a row has not as many groups as there are shifts.</exception>
    public void Apply(Span<float> values, Shape row)
    {
        var size = checked((int)row.ElementCount);
        var inner = Inner(row, size);
        if (size == 0 || values.Length % size != 0)
            throw new ArgumentException($"{values.Length} values are no whole rows of {row}.", nameof(values));
        for (var start = 0; start < values.Length; start += size)
            for (var i = 0; i < size; i++)
                values[start + i] = (float)((values[start + i] - Shift[i / inner]) / Scale[i / inner]);
    }

    /// <summary>The values of an array [rows, ...], transformed, as 32-bit floats; for instance the input of a prediction.</summary>
    /// <param name="array">The array; not changed.</param>
    /// <exception cref="ArgumentException">A row has not as many groups as there are shifts.</exception>
    public TensorData Apply(TensorView array)
    {
        if (array.Shape.Rank == 0)
            throw new ArgumentException("An array needs the rows as its first dimension.", nameof(array));
        var values = array.ToData().ToSingles();
        if (values.Length > 0)
            Apply(values, array.Shape.WithoutFirst());
        return new(new TensorView(values, array.Shape));
    }

    /// <summary>The transform as JSON text, to be kept with a model.</summary>
    public string ToJson() => JsonText.Object(json =>
    {
        json.WriteNumber("version", 1);
        json.WriteString("grouping", Grouping.ToString());
        WriteNumbers(json, "shift", Shift);
        WriteNumbers(json, "scale", Scale);
    });

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="DataFormatException">The text is something else.</exception>
    public static Normalization FromJson(string json)
    {
        Check.NotNull(json, nameof(json));
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            if (root.Number("version") != 1)
                throw new DataFormatException("normalization", "version", "1", root.GetProperty("version").GetRawText());
            var grouping = root.Text("grouping") switch
            {
                nameof(StatisticsGrouping.PerFeature) => StatisticsGrouping.PerFeature,
                nameof(StatisticsGrouping.PerChannel) => StatisticsGrouping.PerChannel,
                nameof(StatisticsGrouping.All) => StatisticsGrouping.All,
                var other => throw new DataFormatException("normalization", "grouping", "PerFeature, PerChannel or All", other),
            };
            return new(grouping, ReadNumbers(root, "shift"), ReadNumbers(root, "scale"));
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new DataFormatException($"The text is no stored normalization: {error.Message}", error);
        }
    }

    private int Inner(Shape row, int size)
    {
        var groups = Grouping switch
        {
            StatisticsGrouping.PerFeature => size,
            StatisticsGrouping.PerChannel => row.Rank > 0 ? (int)row[0] : 0,
            _ => 1,
        };
        return groups == Shift.Count
            ? Math.Max(1, size / Math.Max(1, groups))
            : throw new ArgumentException($"A row {row} has {groups} groups ({Grouping}), the transform has {Shift.Count}.", nameof(row));
    }

    private static void WriteNumbers(Utf8JsonWriter json, string key, ValueArray<double> values)
    {
        json.WriteStartArray(key);
        foreach (var value in values)
            json.WriteNumberValue(value);
        json.WriteEndArray();
    }

    private static double[] ReadNumbers(JsonElement root, string key)
        => [.. root.GetProperty(key).EnumerateArray().Select(value => value.GetDouble())];
}
