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
    private readonly BatchObserver? _observer;
    private readonly double[] _metrics;
    private readonly long? _stepsPerEpoch;
    private readonly Activity? _span;
    private long _stepsLeft;

    public FitRun(
        Trainer trainer, TrainSource train, FitOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        (_trainer, _train, _options, _cancellation) = (trainer, train, options, cancellation);
        _state = trainer.Model.RequireTraining();
        _stepsPerEpoch = train.Rows is { } rows ? StepsPerEpoch(rows, options) : null;
        _stepsLeft = options.MaxSteps ?? long.MaxValue;
        _claim = trainer.Model.ClaimTraining();
        try
        {
            _metrics = new double[_state.MetricNames.Length];
            _context = new(trainer, options, _history) { Epoch = _state.Epochs };
            _observer = BatchObserver.WhereHeard(_context, _state.MetricNames, progress);
            StartSchedule();
            _span = TrainingTelemetry.StartFit(options, train.Rows);
        }
        catch
        {
            _claim.Dispose();
            throw;
        }
    }

    /// <summary>Whether no further epoch is to be trained.</summary>
    public bool IsOver => _context.IsStopping || _history.Epochs.Count >= _options.Epochs;

    /// <summary>Optimizer steps of a whole epoch.</summary>
    public static long StepsPerEpoch(int rows, FitOptions options)
    {
        var batches = options.DropLast ? rows / options.BatchSize : RoundedUp(rows, options.BatchSize);
        return RoundedUp(batches, options.AccumulationSteps);
    }

    public void Begin()
    {
        foreach (var callback in _options.Callbacks)
            callback.OnTrainBegin(_context);
    }

    public EpochResult NextEpoch()
    {
        _cancellation.ThrowIfCancellationRequested();
        _context.Epoch = _state.Epochs + 1;
        foreach (var callback in _options.Callbacks)
            callback.OnEpochBegin(_context);

        using var span = TrainingTelemetry.StartPart("exburn.epoch", _span, _context.Epoch);
        var rates = Rates();
        RunResultNative result;
        using (rates)
            result = _train.Train(_trainer.Model.Handle, NativeOptions(), rates, _metrics, _observer, _cancellation);
        _state.Epochs++;
        _stepsLeft -= (long)result.Steps;
        var epoch = ToEpoch(result, rates.First) with
        {
            Validation = Validate(),
        };
        TrainingTelemetry.Count(epoch);
        _history.Add(epoch);
        MoveSchedule(epoch);
        if (_stepsLeft <= 0)
            _context.Stop(StopReason.StepLimit, null);
        _context.CheckTime();

        _observer?.Report(epoch);
        foreach (var callback in _options.Callbacks)
            callback.OnEpochEnd(_context, epoch);
        return epoch;
    }

    public History End()
    {
        (_history.StopReason, _history.StopMessage) = (_context.StopReason, _context.StopMessage);
        foreach (var callback in _options.Callbacks)
            callback.OnTrainEnd(_context, _history);
        _history.Duration = _context.Elapsed;
        return _history;
    }

    /// <summary>Ends a run whose reader has left it before its end.</summary>
    public void Leave() => _context.Stop(StopReason.Callback, "the loop over the epochs was left");

    public void Dispose()
    {
        _span?.Dispose();
        _claim.Dispose();
        _train.Dispose();
    }

    private Evaluation? Validate()
    {
        if ((_options.Validation ?? _train.Held) is not { } held)
            return null;
        using var span = TrainingTelemetry.StartPart("exburn.validation", _span, _context.Epoch);
        return _trainer.EvaluateOn(held, _options.ValidationBatchSize ?? _options.BatchSize, _state, _cancellation);
    }

    /// <summary>A run with the schedule of the run before goes on with it, unless the schedule's length follows from the run.</summary>
    private void StartSchedule()
    {
        if (_options.Schedule is not { } schedule || (_state.Schedule?.Schedule == schedule && !schedule.FollowsRun))
        {
            _state.Schedule = _options.Schedule is null ? null : _state.Schedule;
            return;
        }
        if (schedule is { Interval: ScheduleInterval.Step, Plateau: not null })
            throw new ArgumentException("ReduceOnPlateau moves per epoch: its number is not known within one.", nameof(FitOptions.Schedule));
        var length = schedule.Interval == ScheduleInterval.Epoch
            ? _options.Epochs
            : Math.Min(Math.Min(_options.Epochs * WholeSteps(schedule), _stepsLeft), int.MaxValue);
        _state.Schedule = schedule.Start(_state.Optimizer.LearningRate, Math.Max(1, (int)length));
        _state.LearningRate = _state.Schedule.Rate;
    }

    /// <summary>Steps of an epoch, where a schedule's length may depend on them.</summary>
    private long WholeSteps(Schedule schedule) => _stepsPerEpoch ?? (schedule.FollowsRun && _options.MaxSteps is null
        ? throw new ArgumentException(
            "The length of the schedule follows from the run, but the stream's is not known: give the schedule a length, or the stream its rows (DataStream.WithRows).")
        : int.MaxValue);

    /// <summary>One rate for the epoch, or one per step. A rate that somebody set since is what the schedule goes on from.</summary>
    private EpochRates Rates()
    {
        if (_state.Schedule is not { } stepper)
            return new(null, _state.LearningRate, _stepsLeft);
        stepper.Rate = _state.LearningRate;
        return new(stepper.Schedule.Interval == ScheduleInterval.Step ? stepper : null, stepper.Rate, _stepsLeft);
    }

    private void MoveSchedule(EpochResult epoch)
    {
        if (_state.Schedule is not { } stepper)
            return;
        // A callback may have set a rate within the epoch.
        stepper.Rate = _state.LearningRate;
        if (stepper.Schedule.Interval == ScheduleInterval.Step)
            stepper.Advance(epoch.Steps);
        else if (stepper.Schedule.Plateau is { } plateau)
            stepper.Step((plateau.Monitor ?? (epoch.Validation is null ? Monitored.Loss : Monitored.ValidationLoss)).Read(epoch));
        else
            stepper.Step();
        _state.LearningRate = stepper.Rate;
    }

    private TrainOptionsNative NativeOptions() => new()
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
        MaxSteps = _options.MaxSteps is null ? 0 : (ulong)_stepsLeft,
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
        Duration = TimeSpan.FromSeconds(result.Seconds),
    };

    private static long RoundedUp(long count, long size) => (count + size - 1) / size;
}
