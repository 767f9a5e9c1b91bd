using System.Text;
using System.Text.Json;

namespace ExBurn;

/// <summary>Small helpers around the JSON writer and reader; no reflection, so safe to trim.</summary>
internal static class JsonText
{
    /// <summary>The text of one object whose members <paramref name="write"/> writes.</summary>
    public static string Object(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, checked((int)stream.Length));
    }

    /// <summary>The text of a list of texts.</summary>
    public static string List(IEnumerable<string> texts)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartArray();
            foreach (var text in texts)
                json.WriteStringValue(text);
            json.WriteEndArray();
        }
        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, checked((int)stream.Length));
    }

    public static void WriteShape(this Utf8JsonWriter json, Shape shape)
    {
        json.WriteStartArray();
        foreach (var size in shape)
            json.WriteNumberValue(size);
        json.WriteEndArray();
    }

    public static string Text(this JsonElement element, string key) => element.GetProperty(key).GetString() ?? "";

    public static long Number(this JsonElement element, string key) => element.GetProperty(key).GetInt64();

    public static long? NumberOrNull(this JsonElement element, string key)
        => element.GetProperty(key) is { ValueKind: not JsonValueKind.Null } number ? number.GetInt64() : null;

    public static void WriteNumberOrNull(this Utf8JsonWriter json, string key, long? value)
    {
        if (value is { } number)
            json.WriteNumber(key, number);
        else
            json.WriteNull(key);
    }

    public static string[] Texts(this JsonElement element, string key)
        => [.. element.GetProperty(key).EnumerateArray().Select(item => item.GetString() ?? "")];

    /// <summary>The shape under a key; null where the JSON says null.</summary>
    public static Shape? ShapeOrNull(this JsonElement element, string key)
    {
        var sizes = element.GetProperty(key);
        if (sizes.ValueKind == JsonValueKind.Null)
            return null;
        return sizes.EnumerateArray().Select(size => size.GetInt64()).ToArray();
    }
}
