namespace ExBurn.Tests.Docs;

/// <summary>What the documents show is code of this folder, so it compiles, and the tests here run it.</summary>
public sealed class SnippetTests
{
    // Its blocks are quoted from the sources of a layer; those of all others are run by the tests of this folder.
    private const string LayerGuide = "adding-a-layer.md";

    [Fact]
    public void Every_block_of_the_documents_is_compiled_here()
        => EveryBlockIsIn("csharp", document => document.StartsWith(LayerGuide, StringComparison.Ordinal) ? Snippets.OfLayers() : Snippets.Run());

    [Fact]
    public void Every_Rust_block_is_in_the_layers_of_the_core() => EveryBlockIsIn("rust", _ => Snippets.OfNativeLayers());

    private static void EveryBlockIsIn(string language, Func<string, IReadOnlyList<string[]>> sources)
    {
        var blocks = Snippets.InDocuments(language).ToList();
        Assert.NotEmpty(blocks);
        foreach (var (name, lines) in blocks)
        {
            Assert.NotEmpty(lines);
            Assert.True(sources(name).Any(source => Contains(source, lines)), $"{name} is in none of its source files. It begins: {lines[0]}");
        }
    }

    private static bool Contains(string[] source, string[] lines) =>
        Enumerable.Range(0, Math.Max(0, source.Length - lines.Length + 1)).Any(at => source.AsSpan(at, lines.Length).SequenceEqual(lines));
}
