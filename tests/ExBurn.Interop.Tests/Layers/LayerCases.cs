using System.Text.Json;
using ExBurn.Tests.Support;
using Family = System.Collections.Generic.Dictionary<string, (string[] Positions, System.Func<ExBurn.Tests.Layers.LayerCases.Options, ExBurn.Layer> Make)>;

namespace ExBurn.Tests.Layers;

/// <summary>From a reference case's own text to layer records and arrays; null where the library does not have what the case needs.</summary>
internal static partial class LayerCases
{
    /// <summary>The layers by family; a family's file in this folder holds its own.</summary>
    private static readonly Dictionary<string, (string[] Positions, Func<Options, Layer> Make)> Known
        = new Family[] { Basic, Elementwise, Norms, Sequence }.SelectMany(family => family).ToDictionary(entry => entry.Key, entry => entry.Value, StringComparer.Ordinal);

    /// <summary>From a type and its options by name; null for a type or an option that no record has.</summary>
    public static Layer? Make(string type, JsonElement config)
    {
        if (!Known.TryGetValue(type, out var known))
            return null;
        var options = new Options(config.EnumerateObject().ToDictionary(option => option.Name, option => option.Value));
        var layer = known.Make(options);
        return options.AllRead ? layer : null;
    }

    /// <summary>From the list form ["Conv2d", 1, 4, 3, {"padding": 1}].</summary>
    public static Layer? Make(JsonElement list)
    {
        var parts = list.EnumerateArray().ToArray();
        if (!Known.TryGetValue(parts[0].GetString()!, out var known))
            return null;
        var options = new Dictionary<string, JsonElement>();
        foreach (var (part, position) in parts.Skip(1).Select((part, position) => (part, position)))
        {
            if (part.ValueKind == JsonValueKind.Object)
                foreach (var option in part.EnumerateObject())
                    options.Add(option.Name, option.Value);
            else
                options.Add(known.Positions[position], part);
        }
        return known.Make(new(options));
    }

    /// <summary>The arrays of a state, floats in the model's type.</summary>
    public static Dictionary<string, TensorData> State(JsonElement parent, string key, DType dtype, string prefix = "")
        => ReferenceCases.Table(parent, key).ToDictionary(entry => prefix + entry.Key, entry => Data(entry.Value, dtype));

    /// <summary>An array, floats in the model's type.</summary>
    public static TensorData Data(ReferenceArray array, DType dtype)
        => array.Kind == "int" ? new(new TensorView(array.ToInt64s(), array.Shape))
            : dtype == DType.Float64 ? new(new TensorView(array.Data, array.Shape))
            : new(new TensorView(array.ToSingles(), array.Shape));

    /// <summary>Some rows of an array, from its beginning again where it ends.</summary>
    public static TensorData Rows(ReferenceArray array, int first, int count, DType dtype)
    {
        var (rows, width) = ((int)array.Shape[0], (int)array.Shape.Skip(1).Aggregate(1L, (a, b) => a * b));
        var data = Enumerable.Range(first, count).SelectMany(row => array.Data.Skip(row % rows * width).Take(width)).ToArray();
        return Data(array with { Shape = [count, .. array.Shape.Skip(1)], Data = data }, dtype);
    }

    /// <summary>Options by name that note which were read.</summary>
    internal sealed class Options(Dictionary<string, JsonElement> values)
    {
        private readonly HashSet<string> _read = [];

        public bool AllRead => values.Keys.All(_read.Contains);

        public bool Has(string key) => Get(key) is not null;

        public int Int(string key, int? otherwise = null) => Get(key)?.GetInt32() ?? otherwise ?? throw new KeyNotFoundException(key);

        public double Number(string key, double otherwise) => Get(key)?.GetDouble() ?? otherwise;

        public bool Flag(string key, bool otherwise) => Get(key)?.GetBoolean() ?? otherwise;

        public string Text(string key, string otherwise) => Get(key)?.GetString() ?? otherwise;

        public Shape Shape(string key) => Ints(key)!.Select(size => size!.Value).ToArray();

        public Size2? Size(string key) => Ints(key) is { } sizes ? (sizes[0]!.Value, sizes[^1]!.Value) : null;

        public OutputSize2 OutputSize(string key) => Ints(key) is { } sizes ? (sizes[0], sizes[^1]) : throw new KeyNotFoundException(key);

        public Padding2 Padding(string key) => Get(key) switch
        {
            null => 0,
            { ValueKind: JsonValueKind.String } word => word.GetString() == "same" ? Padding2.Same : Padding2.Valid,
            _ => (Size(key)!.Value.Height, Size(key)!.Value.Width),
        };

        private int?[]? Ints(string key) => Get(key) switch
        {
            null => null,
            { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray().Select(size => size.ValueKind == JsonValueKind.Null ? (int?)null : size.GetInt32())],
            { } number => [number.GetInt32()],
        };

        private JsonElement? Get(string key)
        {
            _read.Add(key);
            return values.TryGetValue(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
        }
    }
}
