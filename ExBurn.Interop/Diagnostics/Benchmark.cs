using System.Diagnostics;

namespace ExBurn;

/// <summary>How often a benchmark runs what it times.</summary>
public sealed record BenchmarkOptions
{
    /// <summary>Runs before the first that counts. Default 3.</summary>
    public int WarmUp { get; init => field = Check.AtLeast(0, value); } = 3;

    /// <summary>Runs that are timed. Default 20.</summary>
    public int Runs { get; init => field = Check.Positive(value); } = 20;
}

/// <summary>Times of the runs of a benchmark.</summary>
public sealed record BenchmarkResult
{
    /// <summary>Runs that were timed.</summary>
    public int Runs { get; init; }

    /// <summary>Runs before them.</summary>
    public int WarmUp { get; init; }

    /// <summary>Rows that each run took.</summary>
    public long BatchSize { get; init; }

    /// <summary>The shortest.</summary>
    public TimeSpan Min { get; init; }

    /// <summary>The middle one; of an even number the mean of the two middle ones.</summary>
    public TimeSpan Median { get; init; }

    /// <summary>95 of 100 runs were at most this long (nearest rank).</summary>
    public TimeSpan Percentile95 { get; init; }

    /// <summary>The longest.</summary>
    public TimeSpan Max { get; init; }

    /// <summary>Their mean.</summary>
    public TimeSpan Mean { get; init; }

    /// <summary>Their standard deviation (of the runs, not an estimate beyond them).</summary>
    public TimeSpan StandardDeviation { get; init; }

    /// <summary>Rows per second, by the median.</summary>
    public double SamplesPerSecond => BatchSize / Median.TotalSeconds;

    /// <summary>Reads as <c>median 0.341 ms (min 0.329, p95 0.402), 187683 samples per second</c>.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"median {Median.TotalMilliseconds:0.000} ms (min {Min.TotalMilliseconds:0.000}, p95 {Percentile95.TotalMilliseconds:0.000}), {SamplesPerSecond:0} samples per second");

    /// <summary>The figures of runs that took so many seconds each.</summary>
    internal static BenchmarkResult Of(double[] seconds, int warmUp, long rows)
    {
        var sorted = (double[])seconds.Clone();
        Array.Sort(sorted);
        var n = sorted.Length;
        var mean = sorted.Average();
        var variance = sorted.Sum(time => (time - mean) * (time - mean)) / n;
        return new()
        {
            Runs = n,
            WarmUp = warmUp,
            BatchSize = rows,
            Min = Span(sorted[0]),
            Median = Span((sorted[(n - 1) / 2] + sorted[n / 2]) / 2),
            Percentile95 = Span(sorted[(int)Math.Ceiling(0.95 * n) - 1]),
            Max = Span(sorted[n - 1]),
            Mean = Span(mean),
            StandardDeviation = Span(Math.Sqrt(variance)),
        };
    }

    // TimeSpan.FromSeconds rounds to milliseconds on old frameworks.
    internal static TimeSpan Span(double seconds) => TimeSpan.FromTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond));
}

/// <summary>Times runs: <c>while (clock.Next()) run();</c>.</summary>
internal sealed class BenchmarkClock(BenchmarkOptions? options, long rows)
{
    private readonly BenchmarkOptions _options = options ?? new();
    private readonly double[] _seconds = new double[(options ?? new()).Runs];
    private int _run = -1;
    private long _started;

    /// <summary>Ends the run before and begins the next; false when all are done.</summary>
    public bool Next()
    {
        var now = Stopwatch.GetTimestamp();
        var timed = _run - _options.WarmUp;
        if (timed >= 0)
            _seconds[timed] = (now - _started) / (double)Stopwatch.Frequency;
        if (++_run >= _options.WarmUp + _options.Runs)
            return false;
        _started = Stopwatch.GetTimestamp();
        return true;
    }

    public BenchmarkResult Result() => BenchmarkResult.Of(_seconds, _options.WarmUp, rows);
}
