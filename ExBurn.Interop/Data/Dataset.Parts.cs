using ExBurn.Native;

namespace ExBurn;

// Datasets made from datasets. Each is a dataset of its own, to be disposed; where rows are shared it keeps them alive by itself.
public sealed partial class Dataset
{
    /// <summary>The first rows; shares the arrays.</summary>
    /// <param name="count">How many, 0 to <see cref="Count"/>.</param>
    public Dataset Take(int count) => Slice(0, count);

    /// <summary>All but the first rows; shares the arrays.</summary>
    /// <param name="count">How many are left out, 0 to <see cref="Count"/>.</param>
    public Dataset Skip(int count) => Slice(count, Count - count);

    /// <summary>A range of rows; shares the arrays, nothing is copied.</summary>
    /// <param name="start">First row.</param>
    /// <param name="count">Number of rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is not within the rows.</exception>
    public Dataset Slice(int start, int count)
    {
        if (start < 0 || start > Count)
            throw new ArgumentOutOfRangeException(nameof(start), start, $"The dataset has {Count} rows.");
        if (count < 0 || count > Count - start)
            throw new ArgumentOutOfRangeException(nameof(count), count, $"The dataset has {Count} rows, {Count - start} from {start} on.");
        return With(BurnBridge.SliceDataset(_handle, start, count), count);
    }

    /// <summary>The rows at some positions, in that order; a position may come several times. Arrays are copied, images stay files.</summary>
    /// <param name="positions">Row numbers from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A position is not a row.</exception>
    public Dataset Subset(IEnumerable<int> positions)
    {
        ulong[] rows = [.. Check.NotNull(positions, nameof(positions)).Select(Position)];
        return With(BurnBridge.SelectFromDataset(_handle, rows), rows.Length);

        ulong Position(int position) => position >= 0 && position < Count
            ? (ulong)position
            : throw new ArgumentOutOfRangeException(nameof(positions), position, $"The dataset has {Count} rows.");
    }

    /// <summary>The rows for which a condition on their number holds.</summary>
    /// <param name="condition">Told the row number.</param>
    public Dataset Where(Func<int, bool> condition) => Subset(Enumerable.Range(0, Count).Where(Check.NotNull(condition, nameof(condition))));

    /// <summary>The rows in a random order that follows from the seed.</summary>
    /// <param name="seed">The seed.</param>
    public Dataset Shuffle(long seed = 0) => Parts([(ulong)Count], SplitKind.Random, 0, seed)[0];

    /// <summary>Two parts: the first with a share of the rows, rounded down, the second with the rest.</summary>
    /// <param name="fraction">Share of the first part, from 0 to 1; <c>0.8</c> of 101 rows are 80 and 21.</param>
    /// <param name="seed">Fixes which rows go where. Default 0.</param>
    /// <param name="kind">How rows are dealt out. Default random.</param>
    /// <param name="target">The target to stratify by. Default 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The fraction is not from 0 to 1.</exception>
    public (Dataset First, Dataset Second) Split(
        double fraction, long seed = 0, SplitKind kind = SplitKind.Random, int target = 0)
    {
        var first = SplitSizes.Share(Count, Check.Probability(fraction, nameof(fraction)));
        var parts = Parts([(ulong)first, (ulong)(Count - first)], kind, target, seed);
        return (parts[0], parts[1]);
    }

    /// <summary>
    /// Parts by shares that add up to 1, as <c>torch.utils.data.random_split</c> sizes them: each share of the rows is rounded down, and what is
    /// left over goes to the first parts, one row each.
    /// </summary>
    /// <param name="fractions">Share of each part, at least 0; together 1.</param>
    /// <param name="seed">Fixes which rows go where. Default 0.</param>
    /// <param name="kind">How rows are dealt out. Default random.</param>
    /// <param name="target">The target to stratify by. Default 0.</param>
    /// <exception cref="ArgumentException">The shares do not add up to 1.</exception>
    public Dataset[] RandomSplit(
        IReadOnlyList<double> fractions, long seed = 0, SplitKind kind = SplitKind.Random, int target = 0)
        => Parts(SplitSizes.Of(Count, Check.NotNull(fractions, nameof(fractions))), kind, target, seed);

    /// <summary>Parts of given sizes.</summary>
    /// <param name="sizes">Rows of each part; together all rows.</param>
    /// <param name="seed">Fixes which rows go where. Default 0.</param>
    /// <param name="kind">How rows are dealt out. Default random.</param>
    /// <param name="target">The target to stratify by. Default 0.</param>
    /// <exception cref="ArgumentException">The sizes do not add up to the rows.</exception>
    public Dataset[] RandomSplit(
        IReadOnlyList<int> sizes, long seed = 0, SplitKind kind = SplitKind.Random, int target = 0)
    {
        ulong[] rows = [.. Check.NotNull(sizes, nameof(sizes)).Select(size => (ulong)Check.AtLeast(0, size, nameof(sizes)))];
        if (sizes.Sum(size => (long)size) != Count)
            throw new ArgumentException($"The sizes of the parts must add up to {Count} rows.", nameof(sizes));
        return Parts(rows, kind, target, seed);
    }

    /// <summary>The rows of several datasets one after the other; arrays are copied. All have the same arrays but for their rows.</summary>
    /// <param name="datasets">At least one.</param>
    /// <exception cref="ArgumentException">There is none.</exception>
    /// <exception cref="ShapeMismatchException">Shapes, or numbers of arrays, differ.</exception>
    /// <exception cref="DTypeException">Element types differ.</exception>
    public static Dataset Concat(params IReadOnlyList<Dataset> datasets)
    {
        if (Check.NotNull(datasets, nameof(datasets)).Count == 0)
            throw new ArgumentException("There is no dataset to join.", nameof(datasets));
        var count = checked((int)datasets.Sum(dataset => (long)Check.NotNull(dataset, nameof(datasets)).Count));
        return datasets[0].With(BurnBridge.ConcatDatasets([.. datasets.Select(dataset => dataset._handle)]), count);
    }

    /// <summary>
    /// The same rows with a weight for each: by how much its loss counts. Losses with a mean divide by the sum of the weights.
    /// </summary>
    /// <param name="weights">One per row, finite and at least 0.</param>
    /// <exception cref="ArgumentException">Another number of weights, a bad weight, or the dataset has weights already.</exception>
    public Dataset WithWeights(ReadOnlySpan<float> weights)
    {
        if (weights.Length != Count)
            throw new ArgumentException($"The dataset has {Count} rows, {weights.Length} weights are given.", nameof(weights));
        var handle = BurnBridge.SliceDataset(_handle, 0, Count);
        try
        {
            BurnBridge.AddToDataset(handle, DatasetRole.Weight, new TensorView(weights, [weights.Length]).ToInput());
        }
        catch
        {
            handle.Dispose();
            throw;
        }
        return new(handle, Count, _inputShapes, _targetShapes) { ClassNames = ClassNames, HasWeights = true };
    }

    /// <summary>A dataset of what a function makes of each row. It is called once per row, in order, and its results are kept in memory.</summary>
    /// <param name="map">Gives a sample for a sample; all results have the same shapes.</param>
    /// <exception cref="ShapeMismatchException">A result has other shapes than the first.</exception>
    public Dataset Map(Func<Sample, Sample> map)
    {
        Check.NotNull(map, nameof(map));
        var batch = new SampleBatch(Math.Max(1, Count));
        foreach (var sample in Samples())
            batch.Add(map(sample));
        if (batch.IsEmpty)
            throw new ArgumentException("An empty dataset cannot be mapped: the shapes of the results are not known.", nameof(map));
        var made = batch.Take();
        var mapped = FromArrays(made.Inputs, made.Targets);
        if (made.Weights is not { } weights)
            return mapped;
        using (mapped)
            return mapped.WithWeights(weights.AsSpan<float>());
    }

    /// <summary>The same rows with images decoded into memory, without what is random. Other datasets share their arrays.</summary>
    public Dataset InMemory() => With(BurnBridge.DatasetInMemory(_handle), Count);

    /// <summary>The same rows as training draws and mixes them, and the rows of an epoch.</summary>
    internal (Dataset Fed, int EpochRows) Feed(string json, ReadOnlySpan<double> weights)
    {
        var (handle, rows) = BurnBridge.FeedDataset(_handle, json, weights);
        return (With(handle, Count), checked((int)rows));
    }

    internal Dataset[] Parts(ulong[] sizes, SplitKind kind, int target, long seed)
    {
        if (kind is < SplitKind.InOrder or > SplitKind.Stratified)
            throw new ArgumentOutOfRangeException(nameof(kind), kind, "InOrder, Random or Stratified.");
        var handles = BurnBridge.SplitDataset(_handle, sizes, kind, Check.AtLeast(0, target, nameof(target)), seed);
        return [.. handles.Select((handle, part) => With(handle, (int)sizes[part]))];
    }

    private Dataset With(DatasetHandle handle, int count)
        => new(handle, count, _inputShapes.Select(shape => shape.WithoutFirst().Prepend(count)), _targetShapes.Select(shape => shape.WithoutFirst().Prepend(count)))
        {
            ClassNames = ClassNames,
            HasWeights = HasWeights,
        };
}
