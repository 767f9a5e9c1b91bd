using System.Text.Json;

namespace ExBurn;

/// <summary>Writes the options of a component: one <c>Add</c> per option, chained.</summary>
internal readonly struct ConfigWriter(Utf8JsonWriter json)
{
    public ConfigWriter Add(string key, bool value)
    {
        json.WriteBoolean(key, value);
        return this;
    }

    public ConfigWriter Add(string key, int value)
    {
        json.WriteNumber(key, value);
        return this;
    }

    public ConfigWriter Add(string key, int? value)
    {
        if (value is { } number)
            return Add(key, number);
        json.WriteNull(key);
        return this;
    }

    public ConfigWriter Add(string key, double value)
    {
        json.WriteNumber(key, value);
        return this;
    }

    public ConfigWriter Add(string key, double? value)
    {
        if (value is { } number)
            return Add(key, number);
        json.WriteNull(key);
        return this;
    }

    public ConfigWriter Add(string key, string value)
    {
        json.WriteString(key, value);
        return this;
    }

    public ConfigWriter Add(string key, (double First, double Second) value)
    {
        json.WriteStartArray(key);
        json.WriteNumberValue(value.First);
        json.WriteNumberValue(value.Second);
        json.WriteEndArray();
        return this;
    }

    public ConfigWriter AddWords(string key, IEnumerable<string> values)
    {
        json.WriteStartArray(key);
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
        return this;
    }

    /// <summary>Two numbers of which the first may be missing (JSON null).</summary>
    public ConfigWriter AddPair(string key, double? first, double second)
    {
        json.WriteStartArray(key);
        if (first is { } number)
            json.WriteNumberValue(number);
        else
            json.WriteNullValue();
        json.WriteNumberValue(second);
        json.WriteEndArray();
        return this;
    }

    /// <summary>One number when both sizes are equal, else two, as PyTorch prints them.</summary>
    public ConfigWriter Add(string key, Size2? value)
    {
        json.WritePropertyName(key);
        if (value is not { } size)
            json.WriteNullValue();
        else if (size.Height == size.Width)
            json.WriteNumberValue(size.Height);
        else
            json.WriteShape([size.Height, size.Width]);
        return this;
    }

    public ConfigWriter Add(string key, Padding2 value)
        => value.Mode is { } mode ? Add(key, mode) : Add(key, (Size2?)value.Size);

    public ConfigWriter Add(string key, Shape value)
    {
        json.WritePropertyName(key);
        json.WriteShape(value);
        return this;
    }

    public ConfigWriter Add(string key, ValueArray<double>? values)
    {
        if (values is not { } list)
        {
            json.WriteNull(key);
            return this;
        }
        json.WriteStartArray(key);
        foreach (var value in list)
            json.WriteNumberValue(value);
        json.WriteEndArray();
        return this;
    }

    /// <summary>Integers of any sign.</summary>
    public ConfigWriter AddInts(string key, IReadOnlyList<int> values)
    {
        json.WriteStartArray(key);
        foreach (var value in values)
            json.WriteNumberValue(value);
        json.WriteEndArray();
        return this;
    }

    /// <summary>Sizes of which some may be missing (JSON null).</summary>
    public ConfigWriter AddSizes(string key, params int?[] values)
    {
        json.WriteStartArray(key);
        foreach (var value in values)
        {
            if (value is { } number)
                json.WriteNumberValue(number);
            else
                json.WriteNullValue();
        }
        json.WriteEndArray();
        return this;
    }
}
