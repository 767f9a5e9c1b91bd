using System.Diagnostics;

namespace ExBurn.Serving;

/// <summary>Rows of one caller: waits in a <see cref="Lane"/>, is computed in one or more batches, then answered once.</summary>
internal sealed class ServingRequest(TensorData[] inputs, int rows, CancellationToken cancellation)
{
    private readonly TaskCompletionSource<TensorData[]> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private byte[][]? _outputs;
    private int _rowsDone;

    public TensorData[] Inputs => inputs;

    public int Rows => rows;

    /// <summary>When it came, in ticks of <see cref="Stopwatch"/>.</summary>
    public long Arrived { get; } = Stopwatch.GetTimestamp();

    /// <summary>The caller's span, which the batch's links to.</summary>
    public ActivityContext Caller { get; } = Activity.Current?.Context ?? default;

    public Task<TensorData[]> Answer => _answer.Task;

    public bool IsOver => _answer.Task.IsCompleted;

    /// <summary>Rows that have left the queue; guarded by the queue.</summary>
    public int Taken { get; set; }

    /// <summary>Where it waits; guarded by the queue.</summary>
    public Lane? Lane { get; set; }

    /// <summary>What listens to the caller's token; ends with the answer.</summary>
    public CancellationTokenRegistration Registration { get; set; }

    public void Fail(Exception error)
    {
        _answer.TrySetException(error);
        Registration.Dispose();
    }

    public void Complete(TensorData[] outputs)
    {
        _answer.TrySetResult(outputs);
        Registration.Dispose();
    }

    /// <returns>Whether the request was still open.</returns>
    public bool Cancel() => _answer.TrySetCanceled(cancellation);

    /// <summary>Takes some rows of the answer over.</summary>
    /// <returns>The answer when it is whole; null before.</returns>
    public TensorData[]? Receive(int start, OutputRows outputs, int from, int count)
    {
        if (count == rows)
            return outputs.Slice(from, count);
        lock (_answer)
        {
            _outputs ??= outputs.Allocate(rows);
            outputs.CopyTo(_outputs, start, from, count);
            _rowsDone += count;
            return _rowsDone == rows ? outputs.Wrap(_outputs, rows) : null;
        }
    }
}
