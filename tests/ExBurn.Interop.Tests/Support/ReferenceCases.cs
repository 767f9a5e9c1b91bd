using System.Text.Json;

namespace ExBurn.Tests.Support;

/// <summary>
/// The cases of one file in the reference folder ({"about", "torch", "seed", "cases": [...]}). What a case needs follows from its own text:
/// tests ask the case and skip what the library does not have, and never list the cases known today.
/// </summary>
internal static class ReferenceCases
{
    /// <summary>All cases of a file, as they stand in it.</summary>
    /// <param name="name">Name in the folder, for instance "layers.json".</param>
    public static IReadOnlyList<JsonElement> Read(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folders.Reference, name)));
        return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(one => one.Clone())];
    }

    /// <summary>One array of a case: {"shape", "kind", "data"}.</summary>
    public static ReferenceArray Array(JsonElement element) => new(
        [.. element.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt64())],
        element.GetProperty("kind").GetString()!,
        [.. element.GetProperty("data").EnumerateArray().Select(Number)]);

    /// <summary>A list of arrays under a name; null where a case has null.</summary>
    public static IReadOnlyList<ReferenceArray?> Arrays(JsonElement parent, string name) =>
        [.. parent.GetProperty(name).EnumerateArray().Select(one => one.ValueKind == JsonValueKind.Null ? null : Array(one))];

    /// <summary>A table of named arrays (a state_dict, gradients) under a name; empty where the case has none.</summary>
    public static IReadOnlyDictionary<string, ReferenceArray> Table(JsonElement parent, string name)
    {
        var table = new Dictionary<string, ReferenceArray>(StringComparer.Ordinal);
        if (parent.TryGetProperty(name, out var entries) && entries.ValueKind == JsonValueKind.Object)
        {
            foreach (var entry in entries.EnumerateObject().Where(entry => entry.Value.ValueKind != JsonValueKind.Null))
            {
                table[entry.Name] = Array(entry.Value);
            }
        }

        return table;
    }

    private static double Number(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        JsonValueKind.String => double.Parse(element.GetString()!, System.Globalization.CultureInfo.InvariantCulture),
        _ => element.GetDouble(),
    };
}

/// <summary>An array of a reference case. Kind is "float", "int" or "bool"; bool data are 0 and 1.</summary>
internal sealed record ReferenceArray(long[] Shape, string Kind, double[] Data)
{
    public float[] ToSingles() => System.Array.ConvertAll(Data, value => (float)value);

    public long[] ToInt64s() => System.Array.ConvertAll(Data, value => (long)value);

    public int[] ToInt32Shape() => System.Array.ConvertAll(Shape, extent => (int)extent);
}
