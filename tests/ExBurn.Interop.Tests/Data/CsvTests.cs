using ExBurn.Tests.Support;

namespace ExBurn.Tests.Data;

public sealed class CsvTests
{
    private static CsvDataset Read(string text, CsvOptions? options = null) => CsvFile.Load(new StringReader(text), options);

    private static string[][] Records(string text)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("a.csv", System.Text.Encoding.UTF8.GetBytes(text));
        return [.. CsvFile.ReadRecords(path)];
    }

    /// <summary>The examples of RFC 4180, section 2.</summary>
    [Fact]
    public void Records_as_the_standard_has_them()
    {
        Assert.Equal([["aaa", "bbb", "ccc"], ["zzz", "yyy", "xxx"]], Records("aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n"));
        Assert.Equal([["aaa", "bbb", "ccc"], ["zzz", "yyy", "xxx"]], Records("aaa,bbb,ccc\r\nzzz,yyy,xxx"));
        Assert.Equal([["aaa", "bbb", "ccc"], ["zzz", "yyy", "xxx"]], Records("\"aaa\",\"bbb\",\"ccc\"\r\nzzz,yyy,xxx"));
        Assert.Equal([["aaa", "b\r\nbb", "ccc"], ["zzz", "yyy", "xxx"]], Records("\"aaa\",\"b\r\nbb\",\"ccc\"\r\nzzz,yyy,xxx"));
        Assert.Equal([["aaa", "b\"bb", "ccc"]], Records("\"aaa\",\"b\"\"bb\",\"ccc\""));
        Assert.Equal([["", "", ""], ["a,b", ""]], Records("\uFEFF,,\n\n\"a,b\",\n"));
    }

    [Fact]
    public void A_table_becomes_inputs_and_classes()
    {
        using var table = Read("id,w,kind,h\n1,1.5,b,-2e1\n2,2.5,a,4\n3,3.5,b,6\n", new() { Targets = ["kind"], TargetsAreClasses = true, Ignored = ["id"] });
        Assert.Equal(["w", "h"], table.InputNames);
        Assert.Equal([1.5f, -20, 2.5f, 4, 3.5f, 6], table.Data.GetInput().ToSingles());
        Assert.Equal([1, 0, 1], table.Data.GetTarget().AsSpan<int>().ToArray());
        Assert.Equal(["a", "b"], table.Data.ClassNames);
        Assert.Equal(["a", "b"], table.Categories["kind"]);
        Assert.Equal("[3]", table.Data.TargetShapes[0].ToString());
    }

    [Fact]
    public void Classes_of_whole_numbers_sort_as_numbers()
    {
        using var table = Read("x;y\n1;10\n2;9\n3;10\n", new() { Separator = ';', Targets = ["y"], TargetsAreClasses = true });
        Assert.Equal(["9", "10"], table.Data.ClassNames);
        Assert.Equal([1, 0, 1], table.Data.GetTarget().AsSpan<int>().ToArray());
    }

    [Fact]
    public void Float_targets_categories_and_one_hot()
    {
        const string Text = "1,red,x,5,6\n2,green,y,7,8\n";
        var options = new CsvOptions { HasHeader = false, Targets = ["4", "3"], OneHot = ["1"], Categorical = ["2"] };
        using var table = Read(Text, options);
        Assert.Equal(["0", "1=green", "1=red", "2"], table.InputNames);
        Assert.Equal([1, 0, 1, 0, 2, 1, 0, 1f], table.Data.GetInput().ToSingles());
        Assert.Equal([6, 5, 8, 7f], table.Data.GetTarget().ToSingles());

        using var other = Read("3,red,y,0,0\n", options with { Categories = table.Categories });
        Assert.Equal([3, 0, 1, 1f], other.Data.GetInput().ToSingles());
        var error = Assert.Throws<DataFormatException>(() => Read("3,blue,y,0,0\n", options with { Categories = table.Categories }));
        Assert.Contains("line 1, column '1'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_numbers_follow_the_option()
    {
        const string Text = "a,b\n1,4\n NA ,5\n3,6\n";
        float[] Values(MissingValues missing)
        {
            using var table = Read(Text, new() { Missing = missing });
            return table.Data.GetInput().ToSingles();
        }
        Assert.Equal([1, 4, 3, 6f], Values(MissingValues.SkipRow));
        Assert.Equal([1, 4, 0, 5, 3, 6f], Values(MissingValues.Zero));
        Assert.Equal([1, 4, 2, 5, 3, 6f], Values(MissingValues.Mean));
        Assert.Equal([1, 4, float.NaN, 5, 3, 6], Values(MissingValues.NaN));
        var error = Assert.Throws<DataFormatException>(() => Values(MissingValues.Error));
        Assert.Contains("line 3, column 'a'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_row_is_left_out_whole()
    {
        using var table = Read("a,b,c\n1,2,x\n3,,y\n,4,z\n5,6,x\n", new() { Missing = MissingValues.SkipRow, Targets = ["c"], TargetsAreClasses = true });
        Assert.Equal([1, 2, 5, 6f], table.Data.GetInput().ToSingles());
        Assert.Equal(2, table.Data.Count);
    }

    [Theory]
    [InlineData("", "at least one record")]
    [InlineData("a,b\n1,2\n3\n", "line 3")]
    [InlineData("a,b\n1,x\n", "line 2, column 'b'")]
    [InlineData("a,b\n1,\"2\n", "closing quote")]
    [InlineData("a,b\n1,\"2\"3\n", "separator")]
    [InlineData("a,a\n1,2\n", "'a' twice")]
    [InlineData("a,b\n\"1\n\n\",2\n3,z\n", "line 5, column 'b'")]
    [InlineData("a,b\n1,2\n\"1\",\"2\n", "line 3")]
    [InlineData("a,b\n1,1,5\n", "expected 2 fields")]
    public void What_is_wrong_is_named(string text, string part)
        => Assert.Contains(part, Assert.Throws<DataFormatException>(() => Read(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Wrong_options_are_errors()
    {
        Assert.Throws<ArgumentException>(() => Read("a\n1\n", new() { Targets = ["z"] }));
        Assert.Throws<ArgumentException>(() => Read("a\n1\n", new() { Targets = ["a"] }));
        Assert.Throws<ArgumentException>(() => Read("a,b\n1,2\n", new() { Inputs = ["a"], OneHot = ["b"] }));
        Assert.Throws<ArgumentException>(() => Read("a\n1\n", new() { Separator = '"' }));
        Assert.Throws<FileNotFoundException>(() => CsvFile.Load("no such file.csv"));
    }
}
