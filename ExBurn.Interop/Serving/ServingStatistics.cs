using System.Diagnostics;

namespace ExBurn.Serving;

/// <summary>What a server has done.</summary>
internal sealed class ServingStatistics
{
    private const int Remembered = 1024;

    private readonly object _gate = new();
    private readonly double[] _latencies = new double[Remembered];
    private long _batches, _rows, _completed, _failed, _cancelled, _refused;
    private int _running;

    public void Refused()
    {
        Interlocked.Increment(ref _refused);
        ServingTelemetry.Ended("refused");
    }

    public void Cancelled()
    {
        Interlocked.Increment(ref _cancelled);
        ServingTelemetry.Ended("cancelled");
    }

    public void Failed()
    {
        Interlocked.Increment(ref _failed);
        ServingTelemetry.Ended("failed");
    }

    public void BatchBegins() => Interlocked.Increment(ref _running);

    public void BatchEnds() => Interlocked.Decrement(ref _running);

    public void Computed(int rows)
    {
        lock (_gate)
            (_batches, _rows) = (_batches + 1, _rows + rows);
        ServingTelemetry.Computed(rows);
    }

    public void Completed(ServingRequest request)
    {
        var seconds = (Stopwatch.GetTimestamp() - request.Arrived) / (double)Stopwatch.Frequency;
        lock (_gate)
            _latencies[_completed++ % Remembered] = seconds;
        ServingTelemetry.Answered(seconds);
    }

    public ServingStatus Status(ServingOptions options, int queuedRows)
    {
        lock (_gate)
        {
            var known = (int)Math.Min(_completed, Remembered);
            var sorted = _latencies.AsSpan(0, known).ToArray();
            Array.Sort(sorted);
            return new()
            {
                BatchSize = options.BatchSize,
                BatchTimeout = options.BatchTimeout,
                Partitions = options.Partitions,
                Padding = options.Padding,
                QueuedRows = queuedRows,
                RunningBatches = Volatile.Read(ref _running),
                Batches = _batches,
                Rows = _rows,
                Completed = _completed,
                Failed = Interlocked.Read(ref _failed),
                Cancelled = Interlocked.Read(ref _cancelled),
                Refused = Interlocked.Read(ref _refused),
                MeanLatency = BenchmarkResult.Span(known == 0 ? 0 : sorted.Average()),
                MedianLatency = Rank(0.5),
                Percentile95Latency = Rank(0.95),
                MaxLatency = Rank(1),
            };

            TimeSpan Rank(double share) => BenchmarkResult.Span(known == 0 ? 0 : sorted[(int)Math.Ceiling(share * known) - 1]);
        }
    }
}
