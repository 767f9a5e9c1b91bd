using System.Diagnostics;

namespace ExBurn.Serving;

/// <summary>
/// Where requests wait. Of the workers one leads: it alone waits for a batch to fill or its time to pass; the others wait for the lead. So an
/// arriving row wakes at most one thread, and only when it makes a difference.
/// </summary>
internal sealed class ServingQueue(ServingOptions options, Func<TensorData[], bool> isExpected)
{
    private readonly object _lead = new();
    private readonly object _gate = new();
    private readonly List<Lane> _lanes = [];
    private readonly long _timeout = (long)Math.Ceiling(options.BatchTimeout.TotalSeconds * Stopwatch.Frequency);
    private int _rows;
    private bool _closed;

    /// <summary>Lanes kept although nothing waits in them, because they are known to be right.</summary>
    private const int KeptLanes = 64;

    public int Rows
    {
        get
        {
            lock (_gate)
                return _rows;
        }
    }

    /// <returns>Whether there was room for it.</returns>
    /// <exception cref="ObjectDisposedException">The server is disposed.</exception>
    public bool Add(ServingRequest request)
    {
        lock (_gate)
        {
            if (_closed)
                throw new ObjectDisposedException(nameof(ModelServer));
            if (request.IsOver)
                return true;
            if (options.QueueLimit is { } limit && _rows > 0 && _rows + request.Rows > limit)
                return false;
            var lane = LaneFor(request.Inputs);
            var before = lane.Rows;
            lane.Add(request);
            _rows += request.Rows;
            // Rows that neither begin nor fill a batch change nothing for the one who waits.
            if (before == 0 || (before < options.BatchSize && lane.Rows >= options.BatchSize))
                Monitor.Pulse(_gate);
            return true;
        }
    }

    /// <summary>Takes a request out whose caller no longer waits.</summary>
    public void Remove(ServingRequest request)
    {
        lock (_gate)
            if (request.Lane is { } lane)
                _rows -= lane.Remove(request);
    }

    /// <summary>A batch of the lane has been computed.</summary>
    public void Prove(Lane lane)
    {
        lock (_gate)
            lane.IsProven = true;
    }

    /// <summary>Waits for the next batch; null when the queue is closed and empty.</summary>
    public ServingBatch? Take()
    {
        lock (_lead)
        {
            lock (_gate)
            {
                while (true)
                {
                    var (lane, wait) = Next();
                    if (lane is not null && wait <= 0)
                    {
                        var batch = lane.Take(options.BatchSize);
                        _rows -= batch.Rows;
                        return batch;
                    }
                    if (_closed)
                        return null;
                    Monitor.Wait(_gate, lane is null ? Timeout.Infinite : Milliseconds(wait));
                }
            }
        }
    }

    /// <summary>Takes no more requests; those that wait leave at once.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>The lane whose batch leaves next, and in how many ticks.</summary>
    private (Lane? Lane, long Wait) Next()
    {
        Lane? next = null;
        var (wait, age, now) = (long.MaxValue, 0L, Stopwatch.GetTimestamp());
        foreach (var lane in _lanes)
        {
            if (lane.Rows == 0)
                continue;
            var waited = now - lane.Oldest;
            var leaves = _closed || !lane.IsProven || lane.Rows >= options.BatchSize ? 0 : Math.Max(0, _timeout - waited);
            // Of several that may leave, the one whose rows have waited longest.
            if (next is null || leaves < wait || (leaves == wait && waited > age))
                (next, wait, age) = (lane, leaves, waited);
        }
        return (next, wait);
    }

    private Lane LaneFor(TensorData[] inputs)
    {
        foreach (var known in _lanes)
            if (known.Fits(inputs))
                return known;
        if (_lanes.Count >= KeptLanes)
            _lanes.RemoveAll(lane => lane.Rows == 0);
        var added = new Lane(inputs, isExpected(inputs));
        _lanes.Add(added);
        return added;
    }

    private static int Milliseconds(long ticks) => (int)Math.Min(int.MaxValue, Math.Ceiling(ticks * 1000.0 / Stopwatch.Frequency));
}
