using ExBurn.Tests.Support;

namespace ExBurn.Tests.Data;

public sealed class StatisticsTests
{
    private static readonly float[,] Table = { { 1, 10, -1 }, { 2, 10, 0 }, { 4, 10, 5 }, { 9, 10, -4 } };

    private static Dataset Data() => Dataset.FromArrays(Table, new[] { 0, 1, 1, 3 });

    [Fact]
    public void Numbers_of_columns()
    {
        using var data = Data();
        var found = data.InputStatistics();
        Assert.Equal([4.0, 10, 0], found.Mean);
        // ((-3)^2 + (-2)^2 + 0 + 5^2) / 4 = 9.5; (1 + 0 + 25 + 16) / 4 = 10.5.
        Close.Check([Math.Sqrt(9.5), 0, Math.Sqrt(10.5)], found.StandardDeviation.AsSpan(), 1e-15, 0, "deviation");
        Assert.Equal([1.0, 10, -4], found.Minimum);
        Assert.Equal([9.0, 10, 5], found.Maximum);
        Assert.Equal([1.25], data.TargetStatistics().Mean);
    }

    [Fact]
    public void Large_means_lose_no_deviation()
    {
        // A formula of sums of squares gives 0 or NaN here.
        var values = new double[10_000, 1];
        for (var i = 0; i < 10_000; i++)
            values[i, 0] = 1e9 + (i % 2);
        using var data = Dataset.FromArrays(values, new int[10_000]);
        var found = data.InputStatistics();
        Assert.Equal(1e9 + 0.5, found.Mean[0], 1e-6);
        Assert.Equal(0.5, found.StandardDeviation[0], 1e-9);
    }

    [Fact]
    public void Channels_and_all()
    {
        float[,,] images = { { { 1, 2 }, { 10, 20 } }, { { 3, 6 }, { 30, 40 } } };
        using var data = Dataset.FromArrays(images, new int[2]);
        Assert.Equal([3.0, 25], data.InputStatistics(0, StatisticsGrouping.PerChannel).Mean);
        Assert.Equal([6.0, 40], data.InputStatistics(0, StatisticsGrouping.PerChannel).Maximum);
        Assert.Equal([14.0], data.InputStatistics(0, StatisticsGrouping.All).Mean);
        Assert.Equal(4, data.InputStatistics().Mean.Count);
        using var flat = Dataset.FromArrays(new float[] { 1, 2 }, new int[2]);
        Assert.Throws<ShapeMismatchException>(() => flat.InputStatistics(0, StatisticsGrouping.PerChannel));
        using var none = Dataset.FromArrays(new float[0, 2], Array.Empty<int>());
        Assert.Throws<ArgumentException>(() => none.InputStatistics());
    }

    [Fact]
    public void Normalised_data_has_mean_zero_and_goes_back()
    {
        using var data = Data();
        var transform = data.InputStatistics().Standard();
        using var normal = data.Normalize(transform);
        var found = normal.InputStatistics();
        Close.Check([0, 0, 0], found.Mean.AsSpan(), 0, 1e-7, "mean");
        // The column without spread is only shifted.
        Close.Check([1, 0, 1], found.StandardDeviation.AsSpan(), 1e-6, 0, "deviation");
        Assert.Equal((float)((9 - 4) / Math.Sqrt(9.5)), normal.GetInput().ToSingles()[9], 1e-6f);
        Assert.Equal([0, 1, 1, 3], normal.GetTarget().AsSpan<int>().ToArray());

        using var back = normal.Normalize(transform.Inverse());
        Close.Check([.. Table.Cast<float>().Select(x => (double)x)], back.GetInput().ToSingles(), 1e-5, 1e-6, "back");
        Assert.Equal(normal.GetInput().ToSingles(), transform.Apply(Table).ToSingles());
        Assert.Equal(transform, Normalization.FromJson(transform.ToJson()));
    }

    [Fact]
    public void Min_max_fills_the_range()
    {
        using var data = Data();
        using var normal = data.Normalize(data.InputStatistics().MinMax(-1, 1));
        var found = normal.InputStatistics();
        Close.Check([-1, -1, -1], found.Minimum.AsSpan(), 0, 1e-6, "least");
        Close.Check([1, -1, 1], found.Maximum.AsSpan(), 0, 1e-6, "most");
        Assert.Equal((2f - 1) / 8 * 2 - 1, normal.GetInput().ToSingles()[3], 1e-6f);
        Assert.Throws<ArgumentOutOfRangeException>(() => data.InputStatistics().MinMax(1, 1));
    }

    [Fact]
    public void Rows_of_length_one()
    {
        using var data = Dataset.FromArrays(new float[,] { { 3, 4 }, { 0, 0 } }, new int[2]);
        using var unit = data.NormalizeRows();
        Assert.Equal([0.6f, 0.8f, 0f, 0f], unit.GetInput().ToSingles());
    }

    [Fact]
    public void Bad_transforms_are_errors()
    {
        using var data = Data();
        Assert.Throws<ShapeMismatchException>(() => data.Normalize(new(StatisticsGrouping.PerFeature, [1.0], [1.0])));
        Assert.Throws<ArgumentException>(() => new Normalization(StatisticsGrouping.All, [1.0], [1.0, 2.0]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Normalization(StatisticsGrouping.All, [1.0], [0.0]));
        Assert.Throws<ArgumentException>(() => new Normalization(StatisticsGrouping.PerFeature, [1.0], [1.0]).Apply(Table));
        foreach (var text in new[] { "", "{}", "[]", """{"version":2,"grouping":"All","shift":[0],"scale":[1]}""", """{"version":1,"grouping":"All","shift":[0],"scale":[0]}""" })
            Assert.Throws<DataFormatException>(() => Normalization.FromJson(text));
    }

    [Fact]
    public void Classes_count_and_balance()
    {
        using var data = Data();
        Assert.Equal([1, 2, 0, 1], data.ClassCounts());
        // scikit-learn: 4 / (3 * count) over the classes that occur.
        Close.Check([4 / 3.0, 4 / 6.0, 0, 4 / 3.0], data.BalancedClassWeights(), 1e-15, 0, "weights");
        using var hot = data.OneHot();
        Assert.Equal("[4, 4]", hot.TargetShapes[0].ToString());
        Assert.Equal([1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1], hot.GetTarget().ToSingles());
        using var wide = data.OneHot(6);
        Assert.Equal("[4, 6]", wide.TargetShapes[0].ToString());
        Assert.Throws<ArgumentException>(() => data.OneHot(3));
        Assert.Throws<DTypeException>(() => hot.ClassCounts());
        using var negative = Dataset.FromArrays(Table, new[] { 0, -1, 0, 0 });
        Assert.Throws<ArgumentException>(() => negative.ClassCounts());
    }
}
