using System.Text.Json;

namespace ExBurn.Tests.Training.Checkpoints;

/// <summary>What two checkpoints, or histories, must have in common: all but the time that things took.</summary>
internal static class CheckpointContent
{
    /// <summary>Every array, bit for bit.</summary>
    public static void AssertSameArrays(string expectedPath, string foundPath)
    {
        var (expected, found) = (SafeTensors.Read(File.ReadAllBytes(expectedPath)), SafeTensors.Read(File.ReadAllBytes(foundPath)));
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), found.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, array) in expected.Where(one => one.Key != "exburn.epoch/numbers"))
        {
            Assert.Equal(array.Shape, found[name].Shape);
            Assert.True(array.Bytes.SequenceEqual(found[name].Bytes), $"'{name}' differs");
        }
        Assert.Contains(expected.Keys, name => name.StartsWith("exburn.average/", StringComparison.Ordinal));
        Assert.Contains(expected.Keys, name => name.StartsWith("exburn.optimizer/", StringComparison.Ordinal));
    }

    /// <summary>What the run says of itself, without times.</summary>
    public static void AssertSameNotes(string expectedPath, string foundPath)
    {
        var (expected, found) = (Notes(expectedPath), Notes(foundPath));
        Assert.Equal(Untimed(expected), Untimed(found));
    }

    /// <summary>A history's CSV without its last column, the seconds.</summary>
    public static string[] Lines(string csv)
        => [.. csv.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[..line.LastIndexOf(',')])];

    public static string Notes(string path) => Metadata(path).GetProperty("exburn.notes").GetString()!;

    public static JsonElement Metadata(string path)
    {
        var bytes = File.ReadAllBytes(path);
        using var document = JsonDocument.Parse(bytes.AsMemory(8, (int)BitConverter.ToInt64(bytes)));
        return document.RootElement.GetProperty("__metadata__").Clone();
    }

    private static string Untimed(string notes) => System.Text.RegularExpressions.Regex.Replace(notes, "\"ticks\":[0-9]+", "");
}
