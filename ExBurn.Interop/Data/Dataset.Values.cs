using ExBurn.Native;

namespace ExBurn;

// What is in a dataset, and the helpers that follow from it.
public sealed partial class Dataset
{
    /// <summary>Copies all rows of an input back. 64-bit integers were stored as 32-bit ones and come back so.</summary>
    /// <param name="index">Number of the input. Default 0.</param>
    public TensorData GetInput(int index = 0) => Rows(DatasetRole.Input, index, 0, Count);

    /// <summary>Copies some rows of an input back; images are decoded, without what is random.</summary>
    /// <param name="index">Number of the input.</param>
    /// <param name="start">First row.</param>
    /// <param name="count">Number of rows.</param>
    public TensorData GetInput(int index, int start, int count) => Rows(DatasetRole.Input, index, start, count);

    /// <summary>Copies all rows of a target back. 64-bit integers were stored as 32-bit ones and come back so.</summary>
    /// <param name="index">Number of the target. Default 0.</param>
    public TensorData GetTarget(int index = 0) => Rows(DatasetRole.Target, index, 0, Count);

    /// <summary>Copies some rows of a target back.</summary>
    /// <param name="index">Number of the target.</param>
    /// <param name="start">First row.</param>
    /// <param name="count">Number of rows.</param>
    public TensorData GetTarget(int index, int start, int count) => Rows(DatasetRole.Target, index, start, count);

    /// <summary>Copies the weights of the rows back; null where there are none.</summary>
    public float[]? GetWeights() => HasWeights ? Rows(DatasetRole.Weight, 0, 0, Count).ToSingles() : null;

    /// <summary>The rows one by one, read in blocks.</summary>
    public IEnumerable<Sample> Samples()
    {
        const int Block = 256;
        for (var start = 0; start < Count; start += Block)
        {
            var rows = Math.Min(Block, Count - start);
            TensorData[] inputs = [.. InputShapes.Select((_, i) => GetInput(i, start, rows))];
            TensorData[] targets = [.. TargetShapes.Select((_, i) => GetTarget(i, start, rows))];
            var weights = HasWeights ? Rows(DatasetRole.Weight, 0, start, rows).ToSingles() : null;
            for (var row = 0; row < rows; row++)
            {
                var at = row;
                yield return new Sample([.. inputs.Select(array => RowOf(array, at))], [.. targets.Select(array => RowOf(array, at))])
                {
                    Weight = weights?[row],
                };
            }
        }
    }

    /// <summary>Mean, deviation, least and largest value of an input.</summary>
    /// <param name="index">Number of the input. Default 0.</param>
    /// <param name="grouping">Which elements of a row share a number. Default: each column has its own.</param>
    /// <exception cref="ArgumentException">The dataset is empty.</exception>
    public DataStatistics InputStatistics(int index = 0, StatisticsGrouping grouping = StatisticsGrouping.PerFeature)
        => Statistics(DatasetRole.Input, index, InputShapes.Count, grouping);

    /// <summary>Mean, deviation, least and largest value of a target.</summary>
    /// <inheritdoc cref="InputStatistics"/>
    public DataStatistics TargetStatistics(int index = 0, StatisticsGrouping grouping = StatisticsGrouping.PerFeature)
        => Statistics(DatasetRole.Target, index, TargetShapes.Count, grouping);

    /// <summary>The same rows with an input as (x - shift) / scale, in 32-bit floats (64-bit ones stay so). The other arrays are shared.</summary>
    /// <param name="normalization">As <c>train.InputStatistics().Standard()</c> or <c>.MinMax()</c> gives it.</param>
    /// <param name="index">Number of the input. Default 0.</param>
    /// <exception cref="ShapeMismatchException">The transform has another number of groups than the input.</exception>
    public Dataset Normalize(Normalization normalization, int index = 0) => Normalized(normalization, DatasetRole.Input, index, InputShapes.Count);

    /// <summary>The same rows with a target as (x - shift) / scale; take predictions back with <see cref="Normalization.Inverse"/>.</summary>
    /// <param name="normalization">As <c>train.TargetStatistics().Standard()</c> gives it.</param>
    /// <param name="index">Number of the target. Default 0.</param>
    /// <exception cref="ShapeMismatchException">The transform has another number of groups than the target.</exception>
    public Dataset NormalizeTarget(Normalization normalization, int index = 0)
        => Normalized(normalization, DatasetRole.Target, index, TargetShapes.Count);

    /// <summary>The same rows with each row of an input divided by its Euclidean length (at least 1e-12), as <c>torch.nn.functional.normalize</c>.</summary>
    /// <param name="index">Number of the input. Default 0.</param>
    public Dataset NormalizeRows(int index = 0)
        => new(BurnBridge.UnitRows(_handle, DatasetRole.Input, Index(index, InputShapes.Count)), Count, _inputShapes, _targetShapes)
        {
            ClassNames = ClassNames,
            HasWeights = HasWeights,
        };

    /// <summary>The same rows with an integer target [rows, ...] as floats [rows, ..., classes]: 1 at the class, else 0.</summary>
    /// <param name="classes">Number of classes; default the largest class plus 1.</param>
    /// <param name="index">Number of the target. Default 0.</param>
    /// <exception cref="ArgumentException">A class is not below <paramref name="classes"/>, or negative.</exception>
    /// <exception cref="DTypeException">The target is not of integers.</exception>
    public Dataset OneHot(int? classes = null, int index = 0)
    {
        var width = classes is { } given ? Check.Positive(given, nameof(classes)) : Math.Max(1, ClassCounts(index).Count);
        var handle = BurnBridge.OneHotTarget(_handle, Index(index, TargetShapes.Count), width);
        var shapes = _targetShapes.Select((shape, i) => i == index ? [.. shape, width] : shape);
        return new(handle, Count, _inputShapes, shapes) { ClassNames = ClassNames, HasWeights = HasWeights };
    }

    /// <summary>How often each class of an integer target occurs, by class; at least as many numbers as there are <see cref="ClassNames"/>.</summary>
    /// <param name="index">Number of the target. Default 0.</param>
    /// <exception cref="DTypeException">The target is not of integers.</exception>
    public IReadOnlyList<long> ClassCounts(int index = 0)
        => BurnBridge.ClassCounts(_handle, Index(index, TargetShapes.Count), index == 0 ? ClassNames.Count : 0);

    /// <summary>
    /// Weights of the classes that balance them, as scikit-learn's <c>class_weight="balanced"</c>: rows / (classes * count). For
    /// <see cref="Loss.CrossEntropy"/>. A class that does not occur gets 0.
    /// </summary>
    /// <param name="index">Number of the target. Default 0.</param>
    public double[] BalancedClassWeights(int index = 0)
    {
        var counts = ClassCounts(index);
        var total = counts.Sum();
        var present = counts.Count(count => count > 0);
        return [.. counts.Select(count => count == 0 ? 0 : total / (double)(present * count))];
    }

    /// <summary>The balanced weight of each row's class; see <see cref="BalancedClassWeights"/>.</summary>
    internal double[] BalancedRowWeights(int index)
    {
        var weights = BalancedClassWeights(index);
        var target = GetTarget(index);
        return [.. target.ToDoubles().Select(value => weights[(int)value])];
    }

    private DataStatistics Statistics(DatasetRole role, int index, int arrays, StatisticsGrouping grouping)
    {
        using var found = BurnBridge.DatasetStatistics(_handle, role, Index(index, arrays), grouping);
        return new()
        {
            Grouping = grouping,
            Mean = found.Data<double>(0).ToArray(),
            StandardDeviation = found.Data<double>(1).ToArray(),
            Minimum = found.Data<double>(2).ToArray(),
            Maximum = found.Data<double>(3).ToArray(),
        };
    }

    private Dataset Normalized(Normalization normalization, DatasetRole role, int index, int arrays)
    {
        Check.NotNull(normalization, nameof(normalization));
        var handle = BurnBridge.NormalizeDataset(_handle, role, Index(index, arrays),
            normalization.Grouping, normalization.Shift.AsSpan(), normalization.Scale.AsSpan());
        return With(handle, Count);
    }

    private TensorData Rows(DatasetRole role, int index, int start, int count)
    {
        Index(index, role switch { DatasetRole.Input => InputShapes.Count, DatasetRole.Target => TargetShapes.Count, _ => 1 });
        if (start < 0 || count < 0 || count > Count - start)
            throw new ArgumentOutOfRangeException(nameof(start), start, $"The dataset has {Count} rows; {count} from {start} on are asked for.");
        using var rows = BurnBridge.DatasetRows(_handle, role, index, start, count);
        return TensorData.FromNative(rows, 0);
    }

    private static int Index(int index, int arrays) => index >= 0 && index < arrays
        ? index
        : throw new ArgumentOutOfRangeException(nameof(index), index, $"The dataset has {arrays} such arrays.");

    private static TensorData RowOf(TensorData array, int row)
    {
        var shape = array.Shape.WithoutFirst();
        var size = checked((int)shape.ElementCount) * array.DType.Size();
        return new(array.Bytes.Slice(row * size, size).ToArray(), array.DType, shape);
    }
}
