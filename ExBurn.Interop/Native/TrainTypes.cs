namespace ExBurn.Native;

/// <summary>Options of a training call.</summary>
internal struct TrainOptionsNative
{
    public bool Shuffle;
    public bool DropLast;

    /// <summary>Stop with <see cref="NumericalException"/> when the loss is not finite.</summary>
    public bool CheckFinite;
    public ulong Epoch;
    public ulong Seed;
    public ulong BatchSize;

    /// <summary>Batches per optimizer step; 0 is 1.</summary>
    public ulong Accumulate;

    /// <summary>Batches between two events; 0 is only the last one.</summary>
    public ulong ReportEvery;

    /// <summary>Optimizer steps at most; 0 is all.</summary>
    public ulong MaxSteps;

    /// <summary>0 or less is off.</summary>
    public double ClipNorm;

    /// <summary>0 or less is off.</summary>
    public double ClipValue;

    /// <summary>Batches of the open epoch that are done.</summary>
    public ulong StartBatch;

    /// <summary>Optimizer steps after which the call returns with the epoch open; 0 is none.</summary>
    public ulong PauseAfter;

    /// <summary>An epoch that ends before its last batch stays open.</summary>
    public bool KeepOpen;

    /// <summary>Numbers in a row of rates and momenta; 0 is 1.</summary>
    public ulong Columns;

    /// <summary>Mixed precision.</summary>
    public Precision Precision;

    /// <summary>Dynamic loss scaling; null for none.</summary>
    public LossScaling? Scaling;

    /// <summary>What computed gradients are multiplied by; 0 is 1.</summary>
    public double LossScale;
    /// <summary>Segments of gradient checkpointing; 0 or 1 is none.</summary>
    public ulong Segments;

    /// <summary>Events, and the result of a step, tell the norms of the gradients.</summary>
    public bool WatchGradients;

    /// <summary>Of computed gradients: those of the inputs.</summary>
    public InputGradients InputGradients;

    internal readonly unsafe ExbTrainOptions ToNative() => new()
    {
        struct_size = (uint)sizeof(ExbTrainOptions),
        shuffle = Shuffle ? 1u : 0,
        drop_last = DropLast ? 1u : 0,
        check_finite = CheckFinite ? 1u : 0,
        epoch = Epoch,
        seed = Seed,
        batch_size = BatchSize,
        accumulate = Accumulate,
        report_every = ReportEvery,
        clip_norm = ClipNorm,
        clip_value = ClipValue,
        max_steps = MaxSteps,
        start_batch = StartBatch,
        pause_after = PauseAfter,
        keep_open = KeepOpen ? 1u : 0,
        columns = Columns,
        precision = (uint)Precision,
        loss_scaling = Scaling is null ? 0u : 1,
        scale_init = Scaling?.InitialScale ?? 0,
        scale_growth = Scaling?.GrowthFactor ?? 0,
        scale_backoff = Scaling?.BackoffFactor ?? 0,
        scale_interval = (ulong)(Scaling?.GrowthInterval ?? 0),
        loss_scale = LossScale,
        segments = Segments,
        watch_gradients = WatchGradients ? 1u : 0,
        input_gradients = (uint)InputGradients,
    };
}

/// <summary>Which gradients of inputs are computed.</summary>
internal enum InputGradients : uint
{
    None = 0,

    /// <summary>Beside those of the parameters, in training mode.</summary>
    Added = 1,

    /// <summary>They alone, in evaluation mode.</summary>
    Only = 2,
}

/// <summary>What a run came to; of an epoch gone on with, all of it so far.</summary>
internal readonly struct RunResultNative
{
    internal RunResultNative(in ExbRunResult native)
    {
        Stopped = native.stopped != 0;
        Samples = native.samples;
        Batches = native.batches;
        Steps = native.steps;
        Loss = native.loss;
        Seconds = native.seconds;
        GradNorm = native.grad_norm;
        MetricCount = checked((int)native.metric_count);
        Skipped = native.skipped;
        LossScale = native.loss_scale;
    }

    /// <summary>The observer asked to stop.</summary>
    public bool Stopped { get; }

    public ulong Samples { get; }

    public ulong Batches { get; }

    public ulong Steps { get; }

    public double Loss { get; }

    public double Seconds { get; }

    /// <summary>Of the last step, before clipping; NaN if it was not computed.</summary>
    public double GradNorm { get; }

    /// <summary>How many metrics there are; at most the caller's span of them was filled.</summary>
    public int MetricCount { get; }

    /// <summary>Steps left out because a gradient was not finite.</summary>
    public ulong Skipped { get; }

    /// <summary>What the next step's loss is multiplied by; NaN without loss scaling.</summary>
    public double LossScale { get; }
}

/// <summary>One batch of a run; valid during the callback.</summary>
internal readonly unsafe ref struct BatchEventNative
{
    private readonly ExbBatchEvent* _native;

    internal BatchEventNative(ExbBatchEvent* native) => _native = native;

    public ulong Epoch => _native->epoch;

    public ulong Batch => _native->batch;

    public ulong Batches => _native->batches;

    public ulong Samples => _native->samples;

    public ulong SamplesTotal => _native->samples_total;

    public double Loss => _native->loss;

    public double MeanLoss => _native->mean_loss;

    public double Rate => _native->rate;

    public double SamplesPerSecond => _native->samples_per_second;

    /// <summary>Rows of rates and momenta that are used up; what is written into later ones holds for the steps to come.</summary>
    public int Steps => checked((int)_native->steps);

    public Span<double> Rates => new(_native->rates, checked((int)_native->rates_len));

    public Span<double> Momenta => new(_native->momenta, checked((int)_native->momenta_len));

    public long Skipped => (long)_native->skipped;

    public double LossScale => _native->loss_scale;
    /// <summary>Before clipping, of the step that the batch completed; NaN if it was not computed.</summary>
    public double GradNorm => _native->grad_norm;

    /// <summary>That of each parameter, NaN where one has no gradient; empty unless watched.</summary>
    public ReadOnlySpan<double> GradNorms => new(_native->grad_norms, checked((int)_native->grad_norms_len));

    public ReadOnlySpan<double> Metrics => new(_native->metrics, checked((int)_native->metric_count));
}

/// <summary>What an observer wants after a batch.</summary>
internal enum BatchFlow
{
    Continue = 0,
    Stop = 1,
}

/// <summary>Receives the events of a run on the thread that runs it. An exception ends the run and comes out of it unchanged.</summary>
internal interface IBatchObserver
{
    BatchFlow OnBatch(in BatchEventNative batch);
}

/// <summary>Receives native log records on any thread. Exceptions are dropped.</summary>
internal interface INativeLogSink
{
    void Write(NativeLogLevel level, string target, string message);
}
