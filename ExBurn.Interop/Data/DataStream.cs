namespace ExBurn;

/// <summary>
/// Data that is read while training goes on, batch by batch, as long as the source gives any: <c>trainer.Fit(DataStream.FromSamples(source), options)</c>.
/// Another thread reads the source ahead (<see cref="Prefetch"/>); an exception of the source comes out of the run unchanged. Each epoch enumerates
/// the source anew. Holds nothing native; one run at a time may read a stream.
/// </summary>
public sealed class DataStream
{
    // One of them is set.
    private readonly Func<CancellationToken, IEnumerable<Sample>>? _samples;
    private readonly Func<CancellationToken, IEnumerable<Batch>>? _batches;

    private DataStream(Func<CancellationToken, IEnumerable<Sample>>? samples, Func<CancellationToken, IEnumerable<Batch>>? batches)
        => (_samples, _batches) = (samples, batches);

    /// <summary>A stream of single samples, which are collected into batches of <see cref="FitOptions.BatchSize"/>.</summary>
    /// <param name="source">The samples; enumerated once per epoch.</param>
    public static DataStream FromSamples(IEnumerable<Sample> source)
    {
        Check.NotNull(source, nameof(source));
        return new(cancellation => StreamReading.Watched(source, cancellation), null);
    }

    /// <summary>As <see cref="FromSamples(IEnumerable{Sample})"/>, from an asynchronous source.</summary>
    /// <param name="source">The samples; enumerated once per epoch.</param>
    public static DataStream FromSamples(IAsyncEnumerable<Sample> source)
    {
        Check.NotNull(source, nameof(source));
        return new(cancellation => StreamReading.Awaited(source, cancellation), null);
    }

    /// <summary>A stream of batches, taken as they are: <see cref="FitOptions.BatchSize"/> and <see cref="FitOptions.DropLast"/> do not matter.</summary>
    /// <param name="source">The batches; enumerated once per epoch.</param>
    public static DataStream FromBatches(IEnumerable<Batch> source)
    {
        Check.NotNull(source, nameof(source));
        return new(null, cancellation => StreamReading.Watched(source, cancellation));
    }

    /// <summary>As <see cref="FromBatches(IEnumerable{Batch})"/>, from an asynchronous source.</summary>
    /// <param name="source">The batches; enumerated once per epoch.</param>
    public static DataStream FromBatches(IAsyncEnumerable<Batch> source)
    {
        Check.NotNull(source, nameof(source));
        return new(null, cancellation => StreamReading.Awaited(source, cancellation));
    }

    /// <summary>Finished batches that may wait. Default 2.</summary>
    public int Prefetch { get; private init; } = 2;

    /// <summary>Samples among which the next one is drawn; 0 keeps the source's order. Default 0.</summary>
    public int ShuffleBuffer { get; private init; }

    /// <summary>Rows of an epoch, where they are known. Default unknown.</summary>
    public int? Rows { get; private init; }

    /// <summary>This stream with another number of finished batches that may wait.</summary>
    /// <param name="batches">At least 1.</param>
    public DataStream WithPrefetch(int batches)
        => new(_samples, _batches) { Prefetch = Check.Positive(batches, nameof(batches)), ShuffleBuffer = ShuffleBuffer, Rows = Rows };

    /// <summary>
    /// This stream of samples in random order: in training each sample is drawn from among the next ones of the source, at random from
    /// <see cref="FitOptions.Seed"/> and the epoch.
    /// </summary>
    /// <param name="buffer">Samples among which one is drawn, and that wait in memory; at least 2.</param>
    /// <exception cref="InvalidOperationException">The stream is one of batches.</exception>
    public DataStream WithShuffle(int buffer)
        => _samples is null
            ? throw new InvalidOperationException("Only a stream of samples can be shuffled.")
            : new(_samples, null) { Prefetch = Prefetch, ShuffleBuffer = Check.AtLeast(2, buffer, nameof(buffer)), Rows = Rows };

    /// <summary>This stream with a known number of rows, which schedules need whose length follows from the run.</summary>
    /// <param name="rows">Rows of an epoch, at least 1.</param>
    public DataStream WithRows(int rows)
        => new(_samples, _batches) { Prefetch = Prefetch, ShuffleBuffer = ShuffleBuffer, Rows = Check.Positive(rows, nameof(rows)) };

    // Whether it has given batches before.
    private bool _hasDelivered;

    /// <summary>Notes how many batches an enumeration gave.</summary>
    /// <exception cref="InvalidOperationException">None, though an earlier one gave some.</exception>
    /// <exception cref="ArgumentException">None.</exception>
    internal void Delivered(long batches)
    {
        if (batches == 0)
        {
            throw _hasDelivered
                ? new InvalidOperationException(
                    "The source of the stream gave nothing when it was enumerated again: it can be read only once. Give a source that starts anew each time, or train one epoch.")
                : new ArgumentException("The stream gave no batch.");
        }
        _hasDelivered = true;
    }

    /// <summary>The batches of one epoch. <paramref name="seed"/> null keeps the order.</summary>
    internal IEnumerable<Batch> Batches(int size, bool dropLast, ulong? seed, CancellationToken cancellation)
    {
        if (_samples is null)
            return _batches!(cancellation);
        var samples = _samples(cancellation);
        if (ShuffleBuffer > 1 && seed is { } start)
            samples = StreamReading.Shuffled(samples, ShuffleBuffer, start);
        var batches = StreamReading.Collect(samples, size);
        return dropLast ? batches.Where(batch => batch.Rows == size) : batches;
    }
}
