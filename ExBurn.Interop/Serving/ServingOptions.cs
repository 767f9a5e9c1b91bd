namespace ExBurn;

/// <summary>How a <see cref="ModelServer"/> groups requests. Immutable; checked when set. Copies with other values: <c>options with { BatchSize = 64 }</c>.</summary>
public sealed record ServingOptions
{
    /// <summary>Rows with which a batch leaves at once, and its most. Default 32.</summary>
    public int BatchSize { get; init => field = Check.Positive(value); } = 32;

    /// <summary>How long the first row of a batch waits for others; zero sends what waits as soon as a worker is free. Default 50 ms.</summary>
    public TimeSpan BatchTimeout
    {
        get;
        init => field = value >= TimeSpan.Zero && value.TotalMilliseconds <= int.MaxValue
            ? value
            : throw new ArgumentOutOfRangeException(nameof(BatchTimeout), value, $"BatchTimeout must be from zero to {int.MaxValue} ms.");
    } = TimeSpan.FromMilliseconds(50);

    /// <summary>Batches that are computed at the same time, each by a thread of the server. Default: the number of processors.</summary>
    public int Partitions { get; init => field = Check.Positive(value); } = Environment.ProcessorCount;

    /// <summary>
    /// Whether smaller batches are filled up to <see cref="BatchSize"/> (by their last row again) and the answer cut: every call then has
    /// the same shape, for which a GPU prepares itself once. Default false.
    /// </summary>
    public bool Padding { get; init; }

    /// <summary>
    /// Rows that may wait; a request beyond them fails at once with an <see cref="ExBurnException"/> of code <see cref="ErrorCode.Busy"/>, so that
    /// a service can say so instead of growing. A request that finds nothing waiting is always taken. Default none.
    /// </summary>
    public int? QueueLimit { get; init => field = Check.Positive(value); }

    /// <summary>Whether the threads start with the first request instead of at once. Default false.</summary>
    public bool Lazy { get; init; }
}
