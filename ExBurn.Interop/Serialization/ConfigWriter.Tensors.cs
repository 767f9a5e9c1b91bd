namespace ExBurn;

/// <summary>Options of operations on tensors.</summary>
internal readonly partial struct ConfigWriter
{
    /// <summary>A number that may be infinite or NaN, which JSON has only as text.</summary>
    public ConfigWriter AddExtended(string key, double value)
    {
        if (double.IsNaN(value))
            json.WriteString(key, "nan");
        else if (double.IsInfinity(value))
            json.WriteString(key, value > 0 ? "inf" : "-inf");
        else
            json.WriteNumber(key, value);
        return this;
    }

    /// <summary>Start, end (null for the end) and step for every dimension.</summary>
    public ConfigWriter AddRanges(string key, IReadOnlyList<(int Start, int? End, int Step)> ranges)
    {
        json.WriteStartArray(key);
        foreach (var (start, end, step) in ranges)
        {
            json.WriteStartArray();
            json.WriteNumberValue(start);
            if (end is { } number)
                json.WriteNumberValue(number);
            else
                json.WriteNullValue();
            json.WriteNumberValue(step);
            json.WriteEndArray();
        }
        json.WriteEndArray();
        return this;
    }
}
