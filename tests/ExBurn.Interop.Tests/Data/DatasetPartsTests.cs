using ExBurn.Tests.Support;

namespace ExBurn.Tests.Data;

public sealed class DatasetPartsTests
{
    /// <summary>Row i is (i, 10 i) and has class <paramref name="classOf"/>(i).</summary>
    private static Dataset Numbered(int rows, Func<int, int>? classOf = null)
    {
        var values = new float[rows, 2];
        for (var i = 0; i < rows; i++)
            (values[i, 0], values[i, 1]) = (i, 10 * i);
        return Dataset.FromArrays(values, Enumerable.Range(0, rows).Select(i => (classOf ?? (i => i))(i)).ToArray());
    }

    private static int[] Rows(Dataset data) => [.. data.GetInput().ToSingles().Where((_, i) => i % 2 == 0).Select(value => (int)value)];

    [Fact]
    public void Ranges_and_subsets_hold_the_rows_asked_for()
    {
        using var data = Numbered(10);
        using var head = data.Take(3);
        using var tail = data.Skip(7);
        using var middle = data.Slice(2, 4);
        using var inside = middle.Slice(1, 2);
        using var picked = data.Subset([9, 0, 0, 4]);
        using var even = data.Where(row => row % 2 == 0);
        Assert.Equal([0, 1, 2], Rows(head));
        Assert.Equal([7, 8, 9], Rows(tail));
        Assert.Equal([2, 3, 4, 5], Rows(middle));
        Assert.Equal([3, 4], Rows(inside));
        Assert.Equal([9, 0, 0, 4], Rows(picked));
        Assert.Equal([9, 0, 0, 4], picked.GetTarget().AsSpan<int>().ToArray());
        Assert.Equal([0, 2, 4, 6, 8], Rows(even));
        Assert.Equal("[4, 2]", picked.InputShapes[0].ToString());
        data.Dispose();
        Assert.Equal([3, 4], Rows(inside));
    }

    [Fact]
    public void Rows_outside_are_errors()
    {
        using var data = Numbered(4);
        Assert.Throws<ArgumentOutOfRangeException>(() => data.Take(5));
        Assert.Throws<ArgumentOutOfRangeException>(() => data.Skip(5));
        Assert.Throws<ArgumentOutOfRangeException>(() => data.Slice(-1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => data.Subset([4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => data.Subset([-1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => data.GetInput(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => data.GetInput(0, 3, 2));
        Assert.Throws<ArgumentNullException>(() => data.Subset(null!));
    }

    [Theory]
    [InlineData(101, 0.8, 80)]
    [InlineData(100, 0.29, 29)]
    [InlineData(10, 0.7, 7)]
    [InlineData(10, 0.0, 0)]
    [InlineData(10, 1.0, 10)]
    public void A_split_has_exact_sizes_and_every_row_once(int rows, double fraction, int first)
    {
        using var data = Numbered(rows);
        foreach (var kind in new[] { SplitKind.InOrder, SplitKind.Random, SplitKind.Stratified })
        {
            var (left, right) = data.Split(fraction, seed: 3, kind);
            using (left)
            using (right)
            {
                Assert.Equal((first, rows - first), (left.Count, right.Count));
                Assert.Equal(Enumerable.Range(0, rows), Rows(left).Concat(Rows(right)).Order());
            }
        }
    }

    /// <summary>Sizes as torch.utils.data.random_split gives them: floor(n f), the rest to the first parts.</summary>
    [Fact]
    public void Random_splits_size_and_repeat()
    {
        using var data = Numbered(11);
        int[][] Run(long seed)
        {
            var parts = data.RandomSplit([0.5, 0.25, 0.25], seed);
            int[][] rows = [.. parts.Select(Rows)];
            foreach (var part in parts)
                part.Dispose();
            return rows;
        }
        var first = Run(1);
        Assert.Equal([6, 3, 2], first.Select(part => part.Length));
        Assert.Equal(Enumerable.Range(0, 11), first.SelectMany(part => part).Order());
        Assert.Equal(first, Run(1));
        Assert.NotEqual(first, Run(2));
        Assert.Throws<ArgumentException>(() => data.RandomSplit([0.5, 0.4]));
        Assert.Throws<ArgumentException>(() => data.RandomSplit([5, 5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => data.Split(1.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => data.Split(0.5, kind: (SplitKind)7));
    }

    [Fact]
    public void A_stratified_split_keeps_the_shares_of_the_classes()
    {
        // 60, 30 and 10 of 100.
        using var data = Numbered(100, row => row < 60 ? 0 : row < 90 ? 1 : 2);
        var (train, held) = data.Split(0.8, seed: 5, SplitKind.Stratified);
        using (train)
        using (held)
        {
            Assert.Equal([48, 24, 8], train.ClassCounts());
            Assert.Equal([12, 6, 2], held.ClassCounts());
            Assert.NotEqual(Rows(train).Order(), Rows(train));
        }
        using var floats = Dataset.FromArrays(new float[4, 1], new float[4, 1]);
        Assert.Throws<DTypeException>(() => floats.Split(0.5, kind: SplitKind.Stratified));
    }

    [Fact]
    public void Datasets_join()
    {
        using var a = Numbered(2);
        using var b = Numbered(3);
        using var all = Dataset.Concat(a, b, a);
        Assert.Equal([0, 1, 0, 1, 2, 0, 1], Rows(all));
        Assert.Equal(7, all.Count);
        using var wide = Dataset.FromArrays(new float[2, 3], new int[2]);
        using var floats = Dataset.FromArrays(new float[2, 2], new float[2]);
        using var alone = Dataset.FromArrays([new(new float[2, 2])], []);
        Assert.Throws<ShapeMismatchException>(() => Dataset.Concat(a, wide));
        Assert.Throws<DTypeException>(() => Dataset.Concat(a, floats));
        Assert.Throws<ShapeMismatchException>(() => Dataset.Concat(a, alone));
        Assert.Throws<ArgumentException>(() => Dataset.Concat());
    }

    [Fact]
    public void Shuffling_keeps_rows_together()
    {
        using var data = Numbered(50);
        using var mixed = data.Shuffle(seed: 2);
        var rows = Rows(mixed);
        Assert.NotEqual(Enumerable.Range(0, 50), rows);
        Assert.Equal(Enumerable.Range(0, 50), rows.Order());
        Assert.Equal(rows, mixed.GetTarget().AsSpan<int>().ToArray());
        Assert.Equal(rows.Select(row => 10f * row), mixed.GetInput().ToSingles().Where((_, i) => i % 2 == 1));
    }

    [Fact]
    public void Map_makes_new_rows()
    {
        using var data = Numbered(300);
        using var sums = data.Map(row => new Sample(new float[] { row.Inputs[0].ToSingles().Sum() }, row.Targets[0].AsSpan<int>()[0] % 3));
        Assert.Equal("[300, 1]", sums.InputShapes[0].ToString());
        Assert.Equal(Enumerable.Range(0, 300).Select(i => 11f * i), sums.GetInput().ToSingles());
        Assert.Equal([100, 100, 100], sums.ClassCounts());
        Assert.Throws<ShapeMismatchException>(() => data.Map(row => new Sample(new float[row.Targets[0].AsSpan<int>()[0] + 1], 0)));
        var thrown = Assert.Throws<InvalidOperationException>(() => data.Map(_ => throw new InvalidOperationException("mine")));
        Assert.Equal("mine", thrown.Message);
    }

    [Fact]
    public void Weights_travel_with_their_rows()
    {
        using var data = Numbered(4);
        using var weighted = data.WithWeights([0f, 1f, 2f, 3f]);
        using var picked = weighted.Subset([3, 1]);
        using var both = Dataset.Concat(weighted, picked);
        Assert.Null(data.GetWeights());
        Assert.Equal([3f, 1f], picked.GetWeights()!);
        Assert.Equal([0f, 1f, 2f, 3f, 3f, 1f], both.GetWeights()!);
        Assert.Throws<ShapeMismatchException>(() => Dataset.Concat(data, weighted));
        Assert.Throws<ArgumentException>(() => data.WithWeights([1f]));
        Assert.Throws<ArgumentException>(() => data.WithWeights([1f, 1f, 1f, -1f]));
        Assert.Throws<ArgumentException>(() => data.WithWeights([1f, 1f, 1f, float.NaN]));
        Assert.Throws<ArgumentException>(() => weighted.WithWeights([1f, 1f, 1f, 1f]));
    }

    /// <summary>A row with weight 2 trains as that row twice (mean over the sum of weights); one with 0 does not count.</summary>
    [Fact]
    public void A_weight_is_a_repetition()
    {
        var (points, labels) = Training.Blobs.Arrays(6);
        using var all = Dataset.FromArrays(points, labels);
        using var weighted = all.WithWeights([2f, 1f, 0f, 1f, 1f, 0f]);
        using var repeated = all.Subset([0, 0, 1, 3, 4]);
        double[] Run(Dataset data)
        {
            using var model = new Sequential(new Linear(2, 4), new Tanh(), new Linear(4, 3));
            model.Compile(new SGD(0.1), Loss.CrossEntropy(), seed: 1, dtype: DType.Float64);
            new Trainer(model).Fit(data, new() { BatchSize = 8, Shuffle = false, Epochs = 3 });
            return [.. SafeTensors.Read(model.ExportState()).OrderBy(entry => entry.Key, StringComparer.Ordinal).SelectMany(entry => entry.Value.ToDoubles())];
        }
        Close.Check(Run(repeated), Run(weighted), 1e-10, 1e-12, "weights");
    }
}
