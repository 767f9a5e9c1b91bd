namespace ExBurn;

/// <summary>How a <see cref="ModelServer"/> is set up and what it has done, at one moment.</summary>
public sealed record ServingStatus
{
    /// <summary><see cref="ServingOptions.BatchSize"/>.</summary>
    public int BatchSize { get; init; }

    /// <summary><see cref="ServingOptions.BatchTimeout"/>.</summary>
    public TimeSpan BatchTimeout { get; init; }

    /// <summary><see cref="ServingOptions.Partitions"/>.</summary>
    public int Partitions { get; init; }

    /// <summary><see cref="ServingOptions.Padding"/>.</summary>
    public bool Padding { get; init; }

    /// <summary>Rows that wait.</summary>
    public int QueuedRows { get; init; }

    /// <summary>Batches being computed.</summary>
    public int RunningBatches { get; init; }

    /// <summary>Batches computed.</summary>
    public long Batches { get; init; }

    /// <summary>Rows computed in them, without padding.</summary>
    public long Rows { get; init; }

    /// <summary>Rows per batch computed; 0 before the first.</summary>
    public double MeanBatchSize => Batches == 0 ? 0 : (double)Rows / Batches;

    /// <summary>Requests answered.</summary>
    public long Completed { get; init; }

    /// <summary>Requests that ended with an exception of the computation.</summary>
    public long Failed { get; init; }

    /// <summary>Requests whose caller cancelled.</summary>
    public long Cancelled { get; init; }

    /// <summary>Requests refused because of <see cref="ServingOptions.QueueLimit"/>.</summary>
    public long Refused { get; init; }

    /// <summary>Mean time from request to answer over the last 1024 answers; zero before the first.</summary>
    public TimeSpan MeanLatency { get; init; }

    /// <summary>Half of the last 1024 answers took at most this long.</summary>
    public TimeSpan MedianLatency { get; init; }

    /// <summary>95 of 100 of the last 1024 answers took at most this long (nearest rank).</summary>
    public TimeSpan Percentile95Latency { get; init; }

    /// <summary>The longest of the last 1024 answers.</summary>
    public TimeSpan MaxLatency { get; init; }

    /// <summary>Reads as <c>1200 requests in 60 batches of 20.0 rows, 3 rows wait, latency median 4.2 ms, p95 6.0 ms</c>.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"{Completed} requests in {Batches} batches of {MeanBatchSize:0.0} rows, {QueuedRows} rows wait, latency median {MedianLatency.TotalMilliseconds:0.0} ms, p95 {Percentile95Latency.TotalMilliseconds:0.0} ms");
}
