namespace ExBurn.Tests.Docs;

/// <summary>What the documents show is code of this folder, so it compiles, and the tests here run it.</summary>
public sealed class SnippetTests
{
    [Fact]
    public void Every_block_of_the_documents_is_compiled_here()
    {
        var sources = Snippets.Compiled();
        var blocks = Snippets.InDocuments().ToList();

        Assert.NotEmpty(blocks);
        foreach (var (name, lines) in blocks)
        {
            Assert.NotEmpty(lines);
            Assert.True(
                sources.Any(source => Contains(source, lines)),
                $"{name} is in no file of tests/ExBurn.Interop.Tests/Docs. It begins: {lines[0]}");
        }
    }

    private static bool Contains(string[] source, string[] lines) =>
        Enumerable.Range(0, Math.Max(0, source.Length - lines.Length + 1)).Any(at => source.AsSpan(at, lines.Length).SequenceEqual(lines));
}
