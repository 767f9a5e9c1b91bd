using System.Text.RegularExpressions;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Docs;

/// <summary>The C# and Rust blocks of the documents, and the source files that must contain them.</summary>
internal static partial class Snippets
{
    /// <summary>Every block of a language in README.md and docs/, named by document and number.</summary>
    /// <param name="language">What stands behind the block's first fence.</param>
    public static IEnumerable<(string Name, string[] Lines)> InDocuments(string language)
    {
        var documents = Directory.EnumerateFiles(Path.Combine(Folders.Repository, "docs"), "*.md")
            .Prepend(Path.Combine(Folders.Repository, "README.md"))
            .Order(StringComparer.Ordinal);
        foreach (var document in documents)
        {
            var number = 0;
            foreach (var block in Block().Matches(File.ReadAllText(document)).Where(block => block.Groups[1].Value == language))
                yield return ($"{Path.GetFileName(document)} {language} block {++number}", Lines(block.Groups[2].Value));
        }
    }

    /// <summary>Source files of this folder: what is in them compiles and is run.</summary>
    public static IReadOnlyList<string[]> Run() => Sources("*.cs", "tests", "ExBurn.Interop.Tests", "Docs");

    /// <summary>Source files of the layers and their tests, which docs/adding-a-layer.md quotes.</summary>
    public static IReadOnlyList<string[]> OfLayers()
        => [.. Sources("*.cs", "ExBurn.Interop", "Layers"), .. Sources("*.cs", "tests", "ExBurn.Interop.Tests", "Layers")];

    /// <summary>Source files of the layers in the core.</summary>
    public static IReadOnlyList<string[]> OfNativeLayers() => Sources("*.rs", "native", "core", "src", "layers");

    private static IReadOnlyList<string[]> Sources(string pattern, params string[] folder) =>
        [.. Directory.EnumerateFiles(Path.Combine([Folders.Repository, .. folder]), pattern).Select(file => Lines(File.ReadAllText(file)))];

    // Indentation, empty lines and using directives differ between a program and a method.
    private static string[] Lines(string text) =>
        [.. text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && !Directive().IsMatch(line))];

    [GeneratedRegex(@"^```(\w+)\r?\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^using [\w.]+;$")]
    private static partial Regex Directive();
}
