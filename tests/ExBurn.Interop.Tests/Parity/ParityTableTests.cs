using System.Reflection;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Parity;

/// <summary>
/// tests/fixtures/parity.csv: every function, option and fact of the libraries whose users come here, what it is called here, and the tests that run it.
/// Its rows may only grow; a test that is renamed or removed must be renamed there.
/// </summary>
public sealed class ParityTableTests
{
    private const string Tested = "tested";

    private sealed record Row(string Source, string Name, string Here, string[] Tests, string Status);

    [Fact]
    public void Every_test_that_is_named_exists()
    {
        var methods = TestMethods();
        foreach (var row in Rows())
        {
            Assert.True(row.Tests.Length > 0, $"{row.Source} {row.Name}: no test");
            Assert.True(row.Here.Length > 0, $"{row.Source} {row.Name}: no counterpart");
            foreach (var test in row.Tests)
                Assert.True(methods.Contains(test), $"{row.Source} {row.Name}: there is no test {test}");
        }
    }

    [Theory]
    // Rows of each source: as many as the source has.
    [InlineData("exburn 1.1", 10)]
    [InlineData("exburn 1.2", 27)]
    [InlineData("exburn 1.3", 30)]
    [InlineData("exburn 1.4", 6)]
    [InlineData("exburn 1.5", 11)]
    [InlineData("exburn 1.6", 13)]
    [InlineData("exburn 1.7", 27)]
    [InlineData("exburn 1.8", 34)]
    [InlineData("exburn 1.9", 4)]
    [InlineData("exburn 1.10", 6)]
    [InlineData("exburn 1.11", 4)]
    [InlineData("exburn 1.12", 8)]
    [InlineData("exburn 1.13", 5)]
    [InlineData("checklist", 32)]
    [InlineData("guide exburn", 19)]
    [InlineData("guide axonml", 38)]
    [InlineData("guide flashlight", 28)]
    [InlineData("exburn 4", 17)]
    public void No_row_is_left_out(string source, int rows) => Assert.Equal(rows, Rows().Count(row => row.Source == source));

    [Fact]
    public void Rows_are_named_once_and_none_is_open()
    {
        Assert.Empty(Rows().GroupBy(row => (row.Source, row.Name)).Where(same => same.Count() > 1).Select(same => same.Key));
        Assert.All(Rows(), row => Assert.Equal(Tested, row.Status));
    }

    /// <summary>Names of classes with tests, and of the tests in them.</summary>
    private static HashSet<string> TestMethods()
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var type in typeof(ParityTableTests).Assembly.GetTypes())
            foreach (var method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance))
                if (method.GetCustomAttribute<FactAttribute>(inherit: true) is { Skip: null })
                {
                    names.Add(type.Name);
                    names.Add($"{type.Name}.{method.Name}");
                }
        return names;
    }

    private static List<Row> Rows()
        => [.. CsvFile.ReadRecords(Path.Combine(AppContext.BaseDirectory, "fixtures", "parity.csv")).Skip(1)
            .Select(field => new Row(field[0], field[1], field[2], field[3].Split(' ', StringSplitOptions.RemoveEmptyEntries), field[4]))];
}
