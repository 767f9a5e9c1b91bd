namespace ExBurn;

/// <summary>The sizes of layers over 1 to 3 dimensions.</summary>
internal readonly partial struct ConfigWriter
{
    public ConfigWriter Add(string key, bool? value)
    {
        if (value is { } flag)
            return Add(key, flag);
        json.WriteNull(key);
        return this;
    }

    /// <summary>One number when all sizes are equal, else three, as PyTorch prints them.</summary>
    public ConfigWriter Add(string key, Size3? value)
    {
        if (value is not { } size)
            json.WriteNull(key);
        else if (size.Depth == size.Height && size.Height == size.Width)
            json.WriteNumber(key, size.Depth);
        else
            WriteInts(key, size.Depth, size.Height, size.Width);
        return this;
    }

    public ConfigWriter Add(string key, Padding1 value) => value.Mode is { } mode ? Add(key, mode) : Add(key, value.Size);

    public ConfigWriter Add(string key, Padding3 value)
        => value.Mode is { } mode ? Add(key, mode) : Add(key, (Size3?)value.Size);

    public ConfigWriter Add(string key, Sides1 value) => WriteInts(key, value.Left, value.Right);

    public ConfigWriter Add(string key, Sides2 value) => WriteInts(key, value.Left, value.Right, value.Top, value.Bottom);

    public ConfigWriter Add(string key, Sides3 value)
        => WriteInts(key, value.Left, value.Right, value.Top, value.Bottom, value.Front, value.Back);

    public ConfigWriter Add(string key, SpatialSize? value)
    {
        if (value is not { } sizes)
            json.WriteNull(key);
        else if (sizes.Values.Count == 1)
            json.WriteNumber(key, sizes.Values[0]);
        else
            WriteInts(key, sizes.Values.AsSpan());
        return this;
    }

    public ConfigWriter Add(string key, SpatialScale? value)
        => value is { Values.Count: 1 } one ? Add(key, one.Values[0]) : Add(key, value?.Values);

    private ConfigWriter WriteInts(string key, params ReadOnlySpan<int> values)
    {
        json.WriteStartArray(key);
        foreach (var value in values)
            json.WriteNumberValue(value);
        json.WriteEndArray();
        return this;
    }
}
