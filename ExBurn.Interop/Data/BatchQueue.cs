using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace ExBurn;

/// <summary>Reads batches on a thread of its own, a few ahead. Disposing ends the thread; a source that blocks is left to itself after a second.</summary>
internal sealed class BatchQueue : IDisposable
{
    private const int PatienceMilliseconds = 1000;

    private readonly BlockingCollection<Batch> _ready;
    private readonly CancellationTokenSource _over;
    private readonly CancellationToken _cancellation;
    private readonly Thread _thread;
    private ExceptionDispatchInfo? _error;

    /// <param name="open">Gives the batches; told when to stop.</param>
    /// <param name="ahead">Batches that may wait.</param>
    /// <param name="cancellation">Ends waiting for a batch.</param>
    public BatchQueue(Func<CancellationToken, IEnumerable<Batch>> open, int ahead, CancellationToken cancellation)
    {
        _cancellation = cancellation;
        _ready = new(ahead);
        _over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var over = _over.Token;
        _thread = new Thread(() => Read(open, over)) { IsBackground = true, Name = "ExBurn batches" };
        _thread.Start();
    }

    /// <summary>The next batch; null at the end. An exception of the source comes out as it is.</summary>
    public Batch? Next()
    {
        try
        {
            if (_ready.TryTake(out var batch, Timeout.Infinite, _cancellation))
                return batch;
        }
        catch (OperationCanceledException) when (_cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException("cancelled", _cancellation);
        }
        _error?.Throw();
        return null;
    }

    public void Dispose()
    {
        _over.Cancel();
        if (!_thread.Join(PatienceMilliseconds))
            return;
        _over.Dispose();
        _ready.Dispose();
    }

    private void Read(Func<CancellationToken, IEnumerable<Batch>> open, CancellationToken over)
    {
        try
        {
            foreach (var batch in open(over))
                _ready.Add(batch ?? throw new ArgumentException("A batch of the source is null."), over);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // Nobody waits for more.
        }
#pragma warning disable CA1031 // it belongs to whoever takes the batches
        catch (Exception error)
#pragma warning restore CA1031
        {
            _error = ExceptionDispatchInfo.Capture(error);
        }
        finally
        {
            _ready.CompleteAdding();
        }
    }
}
