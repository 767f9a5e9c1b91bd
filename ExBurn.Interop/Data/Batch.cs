using System.Runtime.CompilerServices;

namespace ExBurn;

/// <summary>Several rows of data: arrays with the rows in their first dimension. Immutable.</summary>
public sealed class Batch
{
    /// <summary>A batch with one input and one target array, which are copied.</summary>
    /// <param name="inputs">The inputs [rows, ...].</param>
    /// <param name="targets">The targets [rows, ...].</param>
    /// <exception cref="ArgumentException">An array has no rows, or the numbers of rows differ.</exception>
    [OverloadResolutionPriority(1)]
    public Batch(TensorView inputs, TensorView targets)
        : this([inputs.ToData()], [targets.ToData()])
    {
    }

    /// <summary>A batch with any number of inputs and targets.</summary>
    /// <param name="inputs">One array per input of the model; at least one.</param>
    /// <param name="targets">One array per target of the loss.</param>
    /// <exception cref="ArgumentException">There is no input, an array has no rows, or the numbers of rows differ.</exception>
    public Batch(IReadOnlyList<TensorData> inputs, IReadOnlyList<TensorData> targets)
    {
        if (Check.NotNull(inputs, nameof(inputs)).Count == 0)
            throw new ArgumentException("A batch needs at least one input.", nameof(inputs));
        (Inputs, Targets) = (inputs, Check.NotNull(targets, nameof(targets)));
        Rows = RowsOf(inputs[0]);
        foreach (var array in inputs.Concat(targets))
            CheckRows(array);
    }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>The inputs.</summary>
    public IReadOnlyList<TensorData> Inputs { get; }

    /// <summary>The targets.</summary>
    public IReadOnlyList<TensorData> Targets { get; }

    /// <summary>By how much the loss of each row counts: [rows], finite, at least 0. Default none.</summary>
    /// <exception cref="ArgumentException">Another number of rows.</exception>
    public TensorData? Weights
    {
        get;
        init
        {
            if (value is not null)
                CheckRows(value);
            field = value;
        }
    }

    private void CheckRows(TensorData array)
    {
        if (RowsOf(array) != Rows)
            throw new ArgumentException($"The arrays of a batch need equally many rows: {Rows} and {RowsOf(array)} are given.");
    }

    private static int RowsOf(TensorData array)
        => Check.NotNull(array, nameof(array)).Shape is { Rank: > 0 } shape && shape[0] > 0
            ? checked((int)shape[0])
            : throw new ArgumentException($"An array of a batch needs at least one row in its first dimension; it is {array.Shape}.");
}
