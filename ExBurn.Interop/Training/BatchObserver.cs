using ExBurn.Native;

namespace ExBurn;

/// <summary>Passes the native batch reports of a run on to those who listen.</summary>
internal sealed class BatchObserver : IBatchObserver
{
    private readonly TrainingContext _context;
    private readonly TrainingState _state;
    private readonly RatePlan _plan;
    private readonly Callback[] _listeners;
    private readonly IProgress<TrainingProgress>? _progress;
    private readonly string[] _parameters;
    private BatchResult _last;

    private BatchObserver(
        TrainingContext context, TrainingState state, RatePlan plan, Callback[] listeners, IProgress<TrainingProgress>? progress)
    {
        _context = context;
        _state = state;
        _plan = plan;
        _listeners = listeners;
        _progress = progress;
        WatchesGradients = listeners.Any(listener => listener.WatchesGradients);
        _parameters = WatchesGradients
            ? [.. context.Model.ListState().Where(entry => entry.Kind == StateKind.Parameter).Select(entry => entry.Name)]
            : [];
    }

    /// <summary>Whether somebody wants to hear of the gradients.</summary>
    public bool WatchesGradients { get; }

    /// <summary>An observer where somebody listens to batches; null otherwise: then no batch leaves native code.</summary>
    public static BatchObserver? WhereHeard(TrainingContext context, TrainingState state, RatePlan plan, IProgress<TrainingProgress>? progress)
    {
        Callback[] listeners = [.. context.Options.Callbacks.Where(callback => callback.ListensToBatches)];
        return listeners.Length > 0 || progress is not null || context.Options.TimeLimit is not null ? new(context, state, plan, listeners, progress) : null;
    }

    public BatchFlow OnBatch(in BatchEventNative batch)
    {
        _last = new()
        {
            Epoch = _context.Epoch,
            Batch = (long)batch.Batch,
            Batches = (long)batch.Batches,
            Samples = (long)batch.Samples,
            SamplesTotal = (long)batch.SamplesTotal,
            Loss = batch.Loss,
            MeanLoss = batch.MeanLoss,
            Metrics = new(_state.MetricNames, batch.Metrics),
            LearningRate = batch.Rate,
            SamplesPerSecond = batch.SamplesPerSecond,
            SkippedSteps = batch.Skipped,
            LossScale = batch.LossScale,
            GradientNorm = batch.GradNorm,
            ParameterNorms = new(_parameters, batch.GradNorms),
        };
        var rate = _plan.RateAt(batch.Rates, batch.Steps);
        _state.LearningRate = rate;
        foreach (var listener in _listeners)
            listener.OnBatchEnd(_context, _last);
        if (_state.LearningRate != rate)
            _plan.Change(_state.LearningRate, batch.Steps, batch.Rates, batch.Momenta);
        var share = _last.SamplesTotal > 0 ? (double)_last.Samples / _last.SamplesTotal : 1;
        Report(null, _context.History.Epochs.Count, share);
        _context.CheckTime();
        return _context.IsStopping ? BatchFlow.Stop : BatchFlow.Continue;
    }

    /// <summary>Reports a finished epoch, which the history already has.</summary>
    public void Report(EpochResult epoch) => Report(epoch, _context.History.Epochs.Count, 0);

    private void Report(EpochResult? completed, int epochsDone, double share) => _progress?.Report(new()
    {
        Epoch = _context.Epoch,
        EpochsDone = epochsDone,
        Epochs = _context.Options.Epochs,
        Batch = _last,
        Completed = completed,
        Fraction = Math.Min(1, (epochsDone + share) / Math.Max(1, _context.Options.Epochs)),
        Elapsed = _context.Elapsed,
    });
}
