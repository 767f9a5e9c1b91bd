using System.Text.Json;

namespace ExBurn;

/// <summary>An entry whose shape in the file is not the model's.</summary>
/// <param name="Name">Name of the entry.</param>
/// <param name="Expected">Shape in the model.</param>
/// <param name="Found">Shape in the file.</param>
public sealed record StateMismatch(string Name, Shape Expected, Shape Found);

/// <summary>What a load took, and what did not fit.</summary>
/// <param name="Loaded">Names that were set.</param>
/// <param name="Missing">Names of the model that the file does not have.</param>
/// <param name="Unexpected">Names of the file that the model does not have.</param>
/// <param name="Mismatched">Names in both, with different shapes.</param>
public sealed record LoadReport(
    IReadOnlyList<string> Loaded, IReadOnlyList<string> Missing, IReadOnlyList<string> Unexpected, IReadOnlyList<StateMismatch> Mismatched)
{
    /// <summary>Whether model and file have the same names and shapes.</summary>
    public bool IsComplete => Missing.Count == 0 && Unexpected.Count == 0 && Mismatched.Count == 0;

    /// <summary>Reads as <c>4 loaded, 0 missing, 1 unexpected, 0 mismatched</c>.</summary>
    public override string ToString()
        => $"{Loaded.Count} loaded, {Missing.Count} missing, {Unexpected.Count} unexpected, {Mismatched.Count} mismatched";

    internal static LoadReport FromJson(string text)
    {
        using var document = JsonDocument.Parse(text);
        var root = document.RootElement;
        return new(root.Texts("loaded"), root.Texts("missing"), root.Texts("unexpected"),
            [.. root.GetProperty("mismatched").EnumerateArray().Select(entry => new StateMismatch(
                entry.Text("name"), entry.ShapeOrNull("expected") ?? default, entry.ShapeOrNull("found") ?? default))]);
    }
}
