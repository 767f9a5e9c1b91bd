using System.Diagnostics;
using ExBurn.Native;

namespace ExBurn;

/// <summary>
/// A run of Fit, epoch by epoch: <see cref="Begin"/>, then <see cref="NextEpoch"/> until <see cref="IsOver"/>, then <see cref="End"/>.
/// Holds the model from construction to <see cref="Dispose"/>. Each call may come from another thread, one at a time.
/// </summary>
internal sealed class FitRun : IDisposable
{
    private readonly Trainer _trainer;
    private readonly TrainSource _train;
    private readonly FitOptions _options;
    private readonly CancellationToken _cancellation;
    private readonly TrainingState _state;
    private readonly Model.TrainingClaim _claim;
    private readonly History _history = new();
    private readonly TrainingContext _context;
    private readonly RatePlan _plan;
    private readonly BatchObserver? _observer;
    private readonly double[] _metrics;
    // Unknown for a stream that does not say its rows.
    private readonly long? _batchesPerEpoch;
    private readonly long? _stepsPerEpoch;
    private readonly bool _mayPause;
    private readonly Activity? _span;
    private readonly RunProgress? _resumed;
    private RunProgress.OpenEpoch? _open;
    // The state before an epoch that ended before its last batch: what a checkpoint of it holds.
    private RunProgress? _unfinished;

    public FitRun(
        Trainer trainer, TrainSource train, FitOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        (_trainer, _train, _options, _cancellation) = (trainer, train, options, cancellation);
        _state = trainer.Model.RequireTraining();
        if (train.Rows is { } rows)
            (_batchesPerEpoch, _stepsPerEpoch) = (BatchesPerEpoch(rows, options), StepsPerEpoch(rows, options));
        _claim = trainer.Model.ClaimTraining();
        try
        {
            _metrics = new double[_state.MetricNames.Length];
            _context = new(trainer, options, _history) { Samples = train.Rows, Batches = _batchesPerEpoch };
            _resumed = Resume();
            _context.Epoch = _state.Epochs;
            _context.IsResumed = _resumed is not null;
            StartSchedules();
            _plan = new(_state);
            BurnBridge.SetAverage(trainer.Model.Handle, options.Ema?.ToJson());
            _observer = BatchObserver.WhereHeard(_context, _state, _plan, progress);
            _mayPause = options.Callbacks.Any(callback => callback.StepInterval is not null);
            if (_mayPause && !train.CanPause)
                throw new ArgumentException("A callback wants to be called every few steps within an epoch, which a stream cannot pause for; let it act per epoch.", nameof(options));
            _state.Run = this;
            _span = TrainingTelemetry.StartFit(options, train.Rows);
        }
        catch
        {
            _state.Run = null;
            _claim.Dispose();
            throw;
        }
    }

    /// <summary>Whether no further epoch is to be trained.</summary>
    public bool IsOver => _context.IsStopping || _history.Epochs.Count >= _options.Epochs || StepsLeft <= 0;

    private long StepsLeft => (_options.MaxSteps ?? long.MaxValue) - _context.Steps;

    /// <summary>Batches of a whole epoch.</summary>
    private static long BatchesPerEpoch(int rows, FitOptions options)
        => options.DropLast ? rows / options.BatchSize : RoundedUp(rows, options.BatchSize);

    /// <summary>Optimizer steps of a whole epoch.</summary>
    public static long StepsPerEpoch(int rows, FitOptions options) => RoundedUp(BatchesPerEpoch(rows, options), options.AccumulationSteps);

    public void Begin()
    {
        foreach (var callback in _options.Callbacks)
            callback.OnTrainBegin(_context);
        if (_resumed is not null)
            CallbackStates.Restore(_options.Callbacks, _resumed.Callbacks, _context);
        if (StepsLeft <= 0)
            _context.Stop(StopReason.StepLimit, null);
    }

    public EpochResult NextEpoch()
    {
        _cancellation.ThrowIfCancellationRequested();
        _unfinished = null;
        _context.Epoch = _state.Epochs + 1;
        if (_open is null)
            foreach (var callback in _options.Callbacks)
                callback.OnEpochBegin(_context);

        using var span = TrainingTelemetry.StartPart("exburn.epoch", _span, _context.Epoch);
        var (result, firstRate) = TrainParts();
        // An epoch of a stream, whose batches are not known, is never open.
        if (_open is not null && (long)result.Batches < _batchesPerEpoch)
            _unfinished = Capture();
        _open = null;
        _state.Epochs++;
        var epoch = ToEpoch(result, firstRate) with
        {
            Validation = Validate(),
        };
        TrainingTelemetry.Count(epoch);
        _history.Add(epoch);
        _plan.EndEpoch(epoch);
        if (StepsLeft <= 0)
            _context.Stop(StopReason.StepLimit, null);
        _context.CheckTime();

        _observer?.Report(epoch);
        foreach (var callback in _options.Callbacks)
            callback.OnEpochEnd(_context, epoch);
        TellOfSteps();
        foreach (var callback in _options.Callbacks)
            callback.OnCheckpoint(_context, epoch);
        return epoch;
    }

    public History End()
    {
        (_history.StopReason, _history.StopMessage) = (_context.StopReason, _context.StopMessage);
        foreach (var callback in _options.Callbacks)
            callback.OnTrainEnd(_context, _history);
        _history.Duration = Duration;
        return _history;
    }

    /// <summary>Ends a run whose reader has left it before its end.</summary>
    public void Leave() => _context.Stop(StopReason.Callback, "the loop over the epochs was left");

    /// <summary>How far the run is, for a checkpoint.</summary>
    public RunProgress Capture() => _unfinished ?? new()
    {
        Epochs = _state.Epochs,
        Steps = _context.Steps,
        LearningRate = _state.LearningRate,
        Seed = _trainer.Model.Seed,
        Open = _open,
        Schedules = [.. _state.Schedules.Select(one => one is null ? null : new RunProgress.SavedSchedule(one.Schedule.Kind, one.Save()))],
        History = [.. _history.Epochs],
        Duration = Duration,
        Callbacks = CallbackStates.Save(_options.Callbacks),
    };

    public void Dispose()
    {
        _state.Progress = Capture();
        _state.Run = null;
        _span?.Dispose();
        _claim.Dispose();
        _train.Dispose();
    }

    private TimeSpan Duration => (_resumed?.Duration ?? TimeSpan.Zero) + _context.Elapsed;

    private RunProgress.OrderOfSamples Order => new(
        _train.Rows ?? 0, _options.BatchSize, _options.Shuffle, _options.DropLast, _options.AccumulationSteps, _options.Seed ?? _trainer.Model.Seed);

    /// <summary>Takes the run over that a checkpoint holds, where one is asked for.</summary>
    private RunProgress? Resume()
    {
        if (_options.ResumeFrom is not { } path)
            return null;
        var file = Directory.Exists(path) ? Checkpoint.FindLatest(path) : path;
        if (_options.StartAnewWithoutFile && (file is null || !File.Exists(file)))
            return null;
        var progress = _trainer.Restore(file ?? throw new CheckpointException($"There is no checkpoint in the folder '{path}'.", ErrorCode.NotFound), _state, CheckFits);
        foreach (var epoch in progress.History)
            _history.Add(epoch);
        (_context.Steps, _open) = (progress.Steps, progress.Open);
        return progress;
    }

    private void CheckFits(RunProgress progress)
    {
        for (var i = 0; i < _state.Schedules.Length; i++)
        {
            var file = i < progress.Schedules.Count ? progress.Schedules[i]?.Kind : null;
            var here = ScheduleOf(i)?.Kind;
            if (file != here)
                throw new CheckpointException($"The checkpoint does not fit the run: schedule{(i == 0 ? "" : $" of parameter group {i - 1}")}: expected {here ?? "none"}, found {file ?? "none"}.");
        }
        // A seed that is not given is that of the file.
        var order = Order with { Seed = _options.Seed ?? progress.Seed };
        if (progress.Open is not null && !_train.CanPause)
            throw new CheckpointException("The checkpoint stands within an epoch, which cannot go on with a stream.");
        if (progress.Open?.Order.DifferenceTo(order) is { } difference)
            throw new CheckpointException($"The checkpoint stands within an epoch, which cannot go on with other options. {difference}.");
    }

    /// <summary>Trains to the end of the epoch, with pauses for the callbacks that want them.</summary>
    private (RunResultNative Result, double FirstRate) TrainParts()
    {
        var firstRate = _open?.FirstRate ?? double.NaN;
        while (true)
        {
            var (before, stepsLeft) = (_open?.Steps ?? 0, StepsLeft);
            // A stream is given the rates of its steps one by one.
            var most = _train.CanPause ? Math.Min(_stepsPerEpoch!.Value - before, stepsLeft) : 1;
            var pause = StepsToPause(most);
            _plan.Prepare(Math.Min(most, pause));
            if (double.IsNaN(firstRate))
                firstRate = _plan.Rates[0];
            var result = TrainPart(pause, stepsLeft);
            var made = (long)result.Steps - before;
            if (_train.CanPause)
                _plan.EndPart(checked((int)made));
            _context.Steps += made;
            var batches = (long)result.Batches;
            var canGoOn = batches < _batchesPerEpoch && batches % _options.AccumulationSteps == 0 && KeepsOpen;
            _open = canGoOn ? new(batches, (long)result.Steps, firstRate, Order) : null;
            if (!canGoOn || result.Stopped || StepsLeft <= 0)
                return (result, firstRate);
            TellOfSteps();
            foreach (var callback in _options.Callbacks)
                callback.OnCheckpoint(_context, null);
            _context.CheckTime();
            if (_context.IsStopping)
                return (result, firstRate);
            _cancellation.ThrowIfCancellationRequested();
        }
    }

    private RunResultNative TrainPart(long pause, long stepsLeft)
    {
        var rate = _state.LearningRate;
        try
        {
            return _train.Train(_trainer.Model.Handle, NativeOptions(pause, stepsLeft), _plan, _metrics, _observer, _cancellation);
        }
        catch
        {
            // The position within the epoch is lost.
            _open = null;
            _plan.Abandon(rate);
            throw;
        }
    }

    private void TellOfSteps()
    {
        if (!_mayPause)
            return;
        foreach (var callback in _options.Callbacks)
            if (callback.StepInterval is { } interval && _context.Steps % interval == 0)
                callback.OnSteps(_context);
    }

    /// <summary>Steps to the next pause that a callback wants; as many as given where none comes before.</summary>
    private long StepsToPause(long most)
    {
        if (!_mayPause)
            return most;
        foreach (var callback in _options.Callbacks)
            if (callback.StepInterval is { } interval)
                most = Math.Min(most, interval - (_context.Steps % interval));
        return most;
    }

    /// <summary>Whether something may end an epoch before its last batch.</summary>
    private bool KeepsOpen => _train.CanPause && (_mayPause || _observer is not null || _options.MaxSteps is not null || _open is not null);

    private Evaluation? Validate()
    {
        if (!_options.Validates)
            return null;
        using var span = TrainingTelemetry.StartPart("exburn.validation", _span, _context.Epoch);
        using var judged = _trainer.UseJudgedWeights(_options);
        var rows = _options.ValidationBatchSize ?? _options.BatchSize;
        return _options.ValidationStream is { } stream
            ? _trainer.EvaluateOn(stream, rows, _state, _cancellation)
            : _trainer.EvaluateOn((_options.Validation ?? _train.Held)!, rows, _state, _cancellation);
    }

    private Schedule? ScheduleOf(int column) => column == 0 ? _options.Schedule : _state.Optimizer.Groups[column - 1].Schedule;

    /// <summary>A run with the schedules of the run before goes on with them, unless a schedule's length follows from the run.</summary>
    private void StartSchedules()
    {
        var saved = _state.Saved;
        _state.Saved = [];
        for (var i = 0; i < _state.Schedules.Length; i++)
        {
            if (ScheduleOf(i) is not { } schedule)
            {
                _state.Schedules[i] = null;
                continue;
            }
            if (schedule is { Interval: ScheduleInterval.Step, Plateau: not null })
                throw new ArgumentException("ReduceOnPlateau moves per epoch: its number is not known within one.", nameof(FitOptions.Schedule));
            var goesOn = _resumed is not null || !schedule.FollowsRun;
            if (goesOn && _state.Schedules[i]?.Schedule == schedule)
                continue;
            var stepper = schedule.Start(RatePlan.BaseRate(_state.Optimizer, i), Length(schedule));
            _state.Schedules[i] = stepper;
            if (goesOn && i < saved.Count && saved[i] is { } old && old.Kind == schedule.Kind)
                stepper.Restore(old.State, keepLength: _resumed is not null);
            else if (i == 0)
                _state.LearningRate = stepper.Rate;
        }
    }

    private int Length(Schedule schedule)
    {
        var length = schedule.Interval == ScheduleInterval.Epoch
            ? _options.Epochs
            : Math.Min(Math.Min(_options.Epochs * WholeSteps(schedule), _options.MaxSteps ?? long.MaxValue), int.MaxValue);
        return Math.Max(1, (int)length);
    }

    /// <summary>Steps of an epoch, where a schedule's length may depend on them.</summary>
    private long WholeSteps(Schedule schedule) => _stepsPerEpoch ?? (schedule.FollowsRun && _options.MaxSteps is null
        ? throw new ArgumentException(
            "The length of the schedule follows from the run, but the stream's is not known: give the schedule a length, or the stream its rows (DataStream.WithRows).")
        : int.MaxValue);

    private TrainOptionsNative NativeOptions(long pause, long stepsLeft) => new()
    {
        Shuffle = _options.Shuffle,
        DropLast = _options.DropLast,
        CheckFinite = _options.TerminateOnNaN,
        Epoch = (ulong)_state.Epochs,
        Seed = unchecked((ulong)(_options.Seed ?? _trainer.Model.Seed)),
        BatchSize = (ulong)_options.BatchSize,
        Accumulate = (ulong)_options.AccumulationSteps,
        ReportEvery = (ulong)_options.ReportEvery,
        ClipNorm = _options.ClipNorm ?? 0,
        ClipValue = _options.ClipValue ?? 0,
        Precision = _options.Precision,
        Scaling = _options.LossScaling is { IsEnabled: true } scaling ? scaling : null,
        MaxSteps = _options.MaxSteps is null ? 0 : (ulong)stepsLeft,
        StartBatch = (ulong)(_open?.Batches ?? 0),
        PauseAfter = _mayPause ? (ulong)pause : 0,
        KeepOpen = KeepsOpen,
        Columns = (ulong)_plan.Columns,
        Segments = (ulong)(_options.GradientCheckpointSegments ?? 1),
        WatchGradients = _observer?.WatchesGradients ?? false,
    };

    private EpochResult ToEpoch(RunResultNative result, double rate) => new()
    {
        Epoch = _context.Epoch,
        Loss = result.Loss,
        Metrics = new(_state.MetricNames, _metrics),
        LearningRate = rate,
        GradientNorm = result.GradNorm,
        Samples = (long)result.Samples,
        Steps = (long)result.Steps,
        SkippedSteps = (long)result.Skipped,
        LossScale = result.LossScale,
        Duration = TimeSpan.FromSeconds(result.Seconds),
    };

    private static long RoundedUp(long count, long size) => (count + size - 1) / size;
}
