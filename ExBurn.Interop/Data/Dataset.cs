using System.Diagnostics;
using System.Runtime.CompilerServices;
using ExBurn.Native;

namespace ExBurn;

/// <summary>
/// Rows of inputs and targets, copied once into native memory; batches are gathered there, without passing through .NET.
/// May be used by several trainers, one call at a time. Dispose it; a run in progress keeps what it needs.
/// </summary>
[DebuggerDisplay("{ToString(),nq}")]
public sealed partial class Dataset : IDisposable
{
    private readonly DatasetHandle _handle;
    private readonly List<Shape> _inputShapes = [];
    private readonly List<Shape> _targetShapes = [];

    private Dataset() => _handle = BurnBridge.NewDataset();

    /// <summary>A dataset over a handle; takes the handle.</summary>
    private Dataset(DatasetHandle handle, int count, IEnumerable<Shape> inputShapes, IEnumerable<Shape> targetShapes)
    {
        _handle = handle;
        Count = count;
        _inputShapes.AddRange(inputShapes);
        _targetShapes.AddRange(targetShapes);
    }

    /// <summary>Number of rows.</summary>
    public int Count { get; private set; }

    /// <summary>Shape of each input, the rows included.</summary>
    public IReadOnlyList<Shape> InputShapes => _inputShapes;

    /// <summary>Shape of each target, the rows included.</summary>
    public IReadOnlyList<Shape> TargetShapes => _targetShapes;

    /// <summary>Names of the classes of the target by their index, where the data came with names; empty otherwise.</summary>
    public IReadOnlyList<string> ClassNames { get; internal init; } = [];

    /// <summary>Whether each row's loss counts by a weight of its own (<see cref="WithWeights"/>).</summary>
    public bool HasWeights { get; private init; }

    /// <summary>Copies one input and one target array, each with the rows in its first dimension.</summary>
    /// <param name="inputs">The inputs, as <c>new TensorView(pixels, [60000, 784])</c> or a <c>float[,]</c>.</param>
    /// <param name="targets">The targets: integer classes [rows], or floats.</param>
    /// <exception cref="ArgumentException">The numbers of rows differ.</exception>
    [OverloadResolutionPriority(1)]
    public static Dataset FromArrays(TensorView inputs, TensorView targets)
    {
        var dataset = new Dataset();
        try
        {
            dataset.Add(DatasetRole.Input, inputs);
            dataset.Add(DatasetRole.Target, targets);
            return dataset;
        }
        catch
        {
            dataset.Dispose();
            throw;
        }
    }

    /// <summary>Copies any number of input and target arrays, each with the rows in its first dimension.</summary>
    /// <param name="inputs">One array per input of the model; at least one.</param>
    /// <param name="targets">One array per target of the loss; none for data that is only predicted.</param>
    /// <exception cref="ArgumentException">No input, or the numbers of rows differ.</exception>
    public static Dataset FromArrays(IReadOnlyList<TensorData> inputs, IReadOnlyList<TensorData> targets)
        => FromArrays(inputs, targets, []);

    internal static Dataset FromArrays(IReadOnlyList<TensorData> inputs, IReadOnlyList<TensorData> targets, IReadOnlyList<string> classNames)
    {
        if (Check.NotNull(inputs, nameof(inputs)).Count == 0)
            throw new ArgumentException("A dataset needs at least one input.", nameof(inputs));
        var dataset = new Dataset { ClassNames = classNames };
        try
        {
            foreach (var input in inputs)
                dataset.Add(DatasetRole.Input, input);
            foreach (var target in Check.NotNull(targets, nameof(targets)))
                dataset.Add(DatasetRole.Target, target);
            return dataset;
        }
        catch
        {
            dataset.Dispose();
            throw;
        }
    }

    /// <summary>Images in files, which are described as JSON, and their classes.</summary>
    internal static Dataset FromImages(string json, TensorView classes, IReadOnlyList<string> classNames)
    {
        var dataset = new Dataset { ClassNames = classNames };
        try
        {
            var shape = BurnBridge.AddImages(dataset._handle, json);
            dataset._inputShapes.Add(shape);
            dataset.Count = checked((int)shape[0]);
            dataset.Add(DatasetRole.Target, classes);
            return dataset;
        }
        catch
        {
            dataset.Dispose();
            throw;
        }
    }

    /// <summary>Frees the native copy. May be called twice.</summary>
    public void Dispose() => _handle.Dispose();

    /// <summary>Reads as <c>60000 rows, inputs [60000, 784], targets [60000]</c>.</summary>
    public override string ToString()
        => $"{Count} rows, inputs {string.Join(", ", _inputShapes)}, targets {string.Join(", ", _targetShapes)}";

    internal DatasetHandle Handle => _handle;

    private void Add(DatasetRole role, TensorView array)
    {
        if (array.Shape.Rank == 0)
            throw new ArgumentException("An array of a dataset needs the rows as its first dimension.", nameof(array));
        var rows = checked((int)array.Rows);
        if (_inputShapes.Count > 0 && rows != Count)
            throw new ArgumentException($"The arrays of a dataset need equally many rows: {Count} and {rows} are given.", nameof(array));
        BurnBridge.AddToDataset(_handle, role, array.ToInput());
        Count = rows;
        (role == DatasetRole.Input ? _inputShapes : _targetShapes).Add(array.Shape);
    }
}
