using System.Runtime.InteropServices;
using System.Text.Json;

namespace ExBurn;

/// <summary>
/// Parameters as JSON, in ExBurn's form: <c>{"0.bias": {"shape": [2], "type": "f32", "data": [0.5, -1]}}</c>, the data nested as the shape
/// is. Numbers are written so that they read back exactly; what JSON has no number for is a text (NaN, Infinity, -Infinity).
/// </summary>
internal static class JsonWeights
{
    private const string NaN = "NaN", Infinity = "Infinity", MinusInfinity = "-Infinity";

    public static void Write(Stream stream, IEnumerable<KeyValuePair<string, TensorData>> state)
    {
        using var json = new Utf8JsonWriter(stream);
        json.WriteStartObject();
        foreach (var entry in state)
        {
            var tensor = entry.Value;
            json.WriteStartObject(entry.Key);
            json.WritePropertyName("shape");
            json.WriteShape(tensor.Shape);
            json.WriteString("type", NameOf(tensor.DType));
            json.WritePropertyName("data");
            var at = 0;
            WriteNested(json, tensor, 0, ref at);
            json.WriteEndObject();
            json.Flush();
        }
        json.WriteEndObject();
    }

    public static Dictionary<string, TensorData> Read(Stream stream)
    {
        var state = new Dictionary<string, TensorData>(StringComparer.Ordinal);
        try
        {
            using var document = JsonDocument.Parse(stream);
            foreach (var entry in document.RootElement.EnumerateObject())
            {
                if (state.ContainsKey(entry.Name))
                    throw new CheckpointException($"The JSON is damaged: '{entry.Name}' is there twice");
                state.Add(entry.Name, ReadEntry(entry.Name, entry.Value));
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException
            or FormatException or ArgumentException or OverflowException)
        {
            throw new CheckpointException($"The file is no JSON of parameters ({error.Message})", error);
        }
        return state;
    }

    private static void WriteNested(Utf8JsonWriter json, TensorData tensor, int dimension, ref int at)
    {
        if (dimension == tensor.Shape.Rank)
        {
            WriteElement(json, tensor, at++);
            return;
        }
        json.WriteStartArray();
        for (long i = 0; i < tensor.Shape[dimension]; i++)
            WriteNested(json, tensor, dimension + 1, ref at);
        json.WriteEndArray();
    }

    private static void WriteElement(Utf8JsonWriter json, TensorData tensor, int at)
    {
        switch (tensor.DType)
        {
            case DType.Float32 when tensor.AsSpan<float>()[at] is var single:
                if (Special(single) is { } name)
                    json.WriteStringValue(name);
                else
                    json.WriteNumberValue(single);
                break;
            case DType.Float64 when tensor.AsSpan<double>()[at] is var number:
                if (Special(number) is { } text)
                    json.WriteStringValue(text);
                else
                    json.WriteNumberValue(number);
                break;
            case DType.Int32:
                json.WriteNumberValue(tensor.AsSpan<int>()[at]);
                break;
            case DType.Int64:
                json.WriteNumberValue(tensor.AsSpan<long>()[at]);
                break;
            default:
                json.WriteNumberValue(tensor.AsSpan<byte>()[at]);
                break;
        }
    }

    private static string? Special(double value)
        => double.IsNaN(value) ? NaN : double.IsPositiveInfinity(value) ? Infinity : double.IsNegativeInfinity(value) ? MinusInfinity : null;

    private static TensorData ReadEntry(string name, JsonElement entry)
    {
        var shape = entry.ShapeOrNull("shape") ?? throw new FormatException($"'{name}' has no shape");
        if (!shape.IsKnown)
            throw new FormatException($"'{name}' has a negative size");
        var data = entry.GetProperty("data");
        return entry.Text("type") switch
        {
            "f32" or "f16" or "bf16" => Build(name, data, shape, item => item.ValueKind == JsonValueKind.String ? (float)Named(item) : item.GetSingle()),
            "f64" => Build(name, data, shape, item => item.ValueKind == JsonValueKind.String ? Named(item) : item.GetDouble()),
            "s64" or "i64" => Build(name, data, shape, item => item.GetInt64()),
            "s32" or "i32" or "s16" or "s8" => Build(name, data, shape, item => item.GetInt32()),
            "u8" => Build(name, data, shape, item => item.GetByte()),
            var other => throw new FormatException($"'{name}' has the unknown type '{other}'"),
        };
    }

    private static TensorData Build<T>(string name, JsonElement data, Shape shape, Func<JsonElement, T> read) where T : unmanaged
    {
        var values = new List<T>();
        Collect(name, data, shape, 0, read, values);
        var bytes = MemoryMarshal.AsBytes(values.ToArray().AsSpan());
        return new(bytes.ToArray(), DTypes.Of<T>(), shape);
    }

    private static void Collect<T>(string name, JsonElement data, Shape shape, int dimension, Func<JsonElement, T> read, List<T> values)
    {
        if (dimension == shape.Rank)
        {
            values.Add(read(data));
            return;
        }
        if (data.GetArrayLength() != shape[dimension])
            throw new FormatException($"the data of '{name}' are not nested as its shape {shape} says");
        foreach (var item in data.EnumerateArray())
            Collect(name, item, shape, dimension + 1, read, values);
    }

    private static double Named(JsonElement item) => item.GetString() switch
    {
        NaN => double.NaN,
        Infinity => double.PositiveInfinity,
        MinusInfinity => double.NegativeInfinity,
        var other => throw new FormatException($"'{other}' is no number"),
    };

    private static string NameOf(DType dtype) => dtype switch
    {
        DType.Float32 => "f32",
        DType.Float64 => "f64",
        DType.Int32 => "s32",
        DType.Int64 => "s64",
        _ => "u8",
    };
}
