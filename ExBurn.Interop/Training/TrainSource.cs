using ExBurn.Native;

namespace ExBurn;

/// <summary>What a run trains on: rows in native memory, or a stream.</summary>
internal abstract class TrainSource : IDisposable
{
    /// <summary>Rows of an epoch, where they are known.</summary>
    public abstract int? Rows { get; }

    /// <summary>Rows that the source held back for validation; null for none.</summary>
    public virtual Dataset? Held => null;

    /// <summary>Whether an epoch can be trained in parts.</summary>
    public abstract bool CanPause { get; }

    /// <summary>Trains one epoch, or as much of it as the options say.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">Options of the epoch.</param>
    /// <param name="plan">Rates and momenta of its steps, prepared; a source that cannot pause moves it on itself.</param>
    /// <param name="metrics">Takes the metrics.</param>
    /// <param name="observer">Told of batches.</param>
    /// <param name="cancellation">Ends it between two batches.</param>
    public abstract RunResultNative Train(
        ModelHandle model, in TrainOptionsNative options, RatePlan plan, Span<double> metrics, IBatchObserver? observer,
        CancellationToken cancellation);

    public abstract void Dispose();
}

/// <summary>Rows of a dataset, as the options split, draw and mix them.</summary>
internal sealed class DatasetSource : TrainSource
{
    private readonly Dataset _train;
    private readonly List<Dataset> _owned = [];

    public DatasetSource(Dataset train, FitOptions options, long seed)
    {
        _train = train;
        var rows = train.Count;
        try
        {
            if (options.ValidationSplit is { } share)
            {
                (_train, Held) = HoldBack(train, share, options, seed);
                _owned.AddRange([_train, Held]);
                rows = _train.Count;
            }
            if (options.Sampler is not null || options.Mixing is not null)
            {
                (_train, rows) = _train.Feed(Description(_train, options), options.Sampler is { } sampler ? sampler.Weights(_train) : default);
                _owned.Add(_train);
            }
            Rows = rows;
            if (FitRun.StepsPerEpoch(rows, options) == 0)
                throw new ArgumentException($"With DropLast, {rows} rows make no batch of {options.BatchSize}.", nameof(options));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public override int? Rows { get; }

    public override bool CanPause => true;

    public override Dataset? Held { get; }

    public override RunResultNative Train(
        ModelHandle model, in TrainOptionsNative options, RatePlan plan, Span<double> metrics, IBatchObserver? observer,
        CancellationToken cancellation)
        => BurnBridge.TrainEpoch(model, _train.Handle, options, plan.Rates, plan.Momenta, metrics, observer, cancellation);

    public override void Dispose() => _owned.ForEach(part => part.Dispose());

    /// <summary>The rows to train on, then those held back.</summary>
    private static (Dataset Train, Dataset Held) HoldBack(Dataset data, double share, FitOptions options, long seed)
    {
        var train = SplitSizes.Share(data.Count, 1 - share);
        if (train == 0 || train == data.Count)
            throw new ArgumentException($"A ValidationSplit of {share} of {data.Count} rows leaves nothing for training or for validation.");
        var parts = data.Parts([(ulong)train, (ulong)(data.Count - train)], options.ValidationSplitKind, 0, seed);
        return (parts[0], parts[1]);
    }

    private static string Description(Dataset train, FitOptions options) => JsonText.Object(json =>
    {
        json.WriteNumber("version", ModelDescription.Version);
        if (options.Sampler is { } sampler)
        {
            json.WritePropertyName("sampler");
            sampler.WriteTo(json, train.Count);
        }
        options.Mixing?.WriteTo(json, train);
    });
}

/// <summary>The batches of a stream.</summary>
internal sealed class StreamSource(DataStream stream, FitOptions options) : TrainSource
{
    public override int? Rows => stream.Rows;

    public override bool CanPause => false;

    public override RunResultNative Train(
        ModelHandle model, in TrainOptionsNative native, RatePlan plan, Span<double> metrics, IBatchObserver? observer,
        CancellationToken cancellation)
    {
        var seed = unchecked((native.Seed * 0x9E3779B97F4A7C15) + native.Epoch);
        using var queue = new BatchQueue(
            over => stream.Batches(options.BatchSize, options.DropLast, seed, over), stream.Prefetch, cancellation);
        var feed = new Feed(queue, plan);
        var result = BurnBridge.TrainStream(model, feed, native, metrics, observer, cancellation);
        feed.End((long)result.Steps);
        stream.Delivered((long)result.Batches);
        return result;
    }

    public override void Dispose()
    {
        // Nothing is held between two epochs.
    }

    private sealed class Feed(BatchQueue queue, RatePlan plan) : IBatchSource
    {
        private long _step;

        public Batch? Next() => queue.Next();

        public void Pace(long step, Span<double> rates, Span<double> momenta)
        {
            // The row of the first step is prepared.
            for (; _step < step; _step++)
            {
                plan.EndPart(1);
                plan.Prepare(1);
            }
            plan.Rates.CopyTo(rates);
            if (plan.Momenta.IsEmpty)
                momenta.Fill(double.NaN);
            else
                plan.Momenta.CopyTo(momenta);
        }

        /// <summary>The epoch is over after so many steps.</summary>
        public void End(long steps) => plan.EndPart(steps > _step ? 1 : 0);
    }
}

/// <summary>The batches of a stream for evaluation.</summary>
internal sealed class EvaluationFeed(BatchQueue queue) : IBatchSource
{
    public Batch? Next() => queue.Next();

    public void Pace(long step, Span<double> rates, Span<double> momenta)
    {
        // Nothing is learnt.
    }
}
