using System.Text.RegularExpressions;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Docs;

/// <summary>The C# blocks of the documents, and the source files of this folder that must contain them.</summary>
internal static partial class Snippets
{
    /// <summary>Every ```csharp block of README.md and docs/, named by document and number.</summary>
    public static IEnumerable<(string Name, string[] Lines)> InDocuments()
    {
        var documents = Directory.EnumerateFiles(Path.Combine(Folders.Repository, "docs"), "*.md")
            .Prepend(Path.Combine(Folders.Repository, "README.md"))
            .Order(StringComparer.Ordinal);
        foreach (var document in documents)
        {
            var number = 0;
            foreach (Match block in Block().Matches(File.ReadAllText(document)))
                yield return ($"{Path.GetFileName(document)} block {++number}", Lines(block.Groups[1].Value));
        }
    }

    /// <summary>Source files of this folder: what is in them compiles.</summary>
    public static IReadOnlyList<string[]> Compiled() =>
        [.. Directory.EnumerateFiles(Path.Combine(Folders.Repository, "tests", "ExBurn.Interop.Tests", "Docs"), "*.cs")
            .Select(file => Lines(File.ReadAllText(file)))];

    // Indentation, empty lines and using directives differ between a program and a method.
    private static string[] Lines(string text) =>
        [.. text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && !Directive().IsMatch(line))];

    [GeneratedRegex(@"^```csharp\r?\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^using [\w.]+;$")]
    private static partial Regex Directive();
}
