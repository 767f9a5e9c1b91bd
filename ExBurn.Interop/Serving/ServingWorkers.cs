namespace ExBurn.Serving;

/// <summary>The threads of a server: each takes a batch, computes it, answers.</summary>
internal sealed class ServingWorkers(Predictor predictor, ServingOptions options, ServingQueue queue, ServingStatistics statistics)
{
    // Native code runs on them; some systems give new threads very little (musl: 128 KiB).
    private const int StackBytes = 16 * 1024 * 1024;

    private readonly TaskCompletionSource<bool> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _started;
    private int _running;

    /// <summary>Ends when the queue is closed and all batches are computed.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Starts the threads, once.</summary>
    public void Start()
    {
        if (Volatile.Read(ref _started) != 0 || Interlocked.Exchange(ref _started, 1) != 0)
            return;
        _running = options.Partitions;
        for (var i = 0; i < options.Partitions; i++)
            new Thread(Work, StackBytes) { IsBackground = true, Name = $"ExBurn serving {i}" }.Start();
    }

    /// <summary>Where no thread was ever needed, there is none to wait for.</summary>
    public void EndUnstarted()
    {
        if (Interlocked.Exchange(ref _started, 1) == 0)
            _ended.TrySetResult(true);
    }

    private void Work()
    {
        while (queue.Take() is { } batch)
            Compute(batch);
        if (Interlocked.Decrement(ref _running) == 0)
            _ended.TrySetResult(true);
    }

    private void Compute(ServingBatch batch)
    {
        using var span = ServingTelemetry.StartBatch(batch);
        statistics.BatchBegins();
        try
        {
            Run(batch);
        }
#pragma warning disable CA1031 // it belongs to the callers
        catch (Exception error)
#pragma warning restore CA1031
        {
            span?.SetStatus(System.Diagnostics.ActivityStatusCode.Error, error.Message);
            if (batch.Parts.Count == 1)
                Fail(batch.Parts[0].Request, error);
            else
                // One caller's row must not spoil the answers of the others.
                foreach (var part in batch.Parts)
                    Retry(batch.Only(part));
        }
        finally
        {
            statistics.BatchEnds();
        }
    }

    private void Retry(ServingBatch alone)
    {
        try
        {
            Run(alone);
        }
#pragma warning disable CA1031 // it belongs to the caller
        catch (Exception error)
#pragma warning restore CA1031
        {
            Fail(alone.Parts[0].Request, error);
        }
    }

    private void Run(ServingBatch batch)
    {
        batch.Run(predictor, options.Padding ? options.BatchSize : 0, statistics);
        if (!batch.Lane.IsProven)
            queue.Prove(batch.Lane);
    }

    private void Fail(ServingRequest request, Exception error)
    {
        // Its other rows need not be computed.
        queue.Remove(request);
        if (!request.IsOver)
            statistics.Failed();
        request.Fail(error);
    }
}
