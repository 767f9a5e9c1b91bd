namespace ExBurn;

/// <summary>
/// Raises the learning rate over the first epochs of a run: start + (target − start) · e / epochs before epoch e = 0, 1 ..., the target before
/// the epoch after them, then hands off. As ExBurn's WarmupCallback, with the first epoch at the start rate too. Per step:
/// the schedule <see cref="Warmup"/>.
/// </summary>
public sealed class WarmupCallback : Callback
{
    private double _target;

    /// <summary>A warm-up by callback.</summary>
    /// <param name="epochs">Epochs below the target rate, at least 1.</param>
    /// <param name="startRate">Rate of the first epoch.</param>
    /// <param name="targetRate">Rate after the warm-up. Default: the rate when the run begins.</param>
    public WarmupCallback(int epochs, double startRate = 0, double? targetRate = null)
    {
        Epochs = Check.Positive(epochs, nameof(epochs));
        StartRate = Check.NonNegative(startRate, nameof(startRate));
        TargetRate = targetRate is { } rate ? Check.NonNegative(rate, nameof(targetRate)) : null;
    }

    /// <summary>Epochs below the target rate.</summary>
    public int Epochs { get; }

    /// <summary>Rate of the first epoch.</summary>
    public double StartRate { get; }

    /// <summary>Rate after the warm-up; null for the rate when the run begins.</summary>
    public double? TargetRate { get; }

    /// <inheritdoc/>
    public override void OnTrainBegin(TrainingContext context) => _target = TargetRate ?? Check.NotNull(context, nameof(context)).LearningRate;

    /// <inheritdoc/>
    public override void OnEpochBegin(TrainingContext context)
    {
        var done = context.History.Epochs.Count;
        if (done <= Epochs)
            context.LearningRate = StartRate + ((_target - StartRate) * done / Epochs);
    }

    /// <inheritdoc/>
    public override CallbackState SaveState() => CallbackState.Of(_target);

    /// <inheritdoc/>
    public override void LoadState(TrainingContext context, CallbackState state) => _target = Check.NotNull(state, nameof(state)).Numbers(1, this)[0];
}

/// <summary>
/// Lowers the learning rate when a number stops improving: the rule of the schedule <see cref="ReduceOnPlateau"/> as a callback, for use
/// beside another schedule. It begins anew with each run.
/// </summary>
public sealed class ReduceOnPlateauCallback : Callback
{
    private ScheduleStepper? _stepper;

    /// <summary>A reduction on plateaus by callback.</summary>
    /// <param name="rule">Factor, patience, threshold, what is watched ...; null for the defaults.</param>
    public ReduceOnPlateauCallback(ReduceOnPlateau? rule = null) => Rule = rule ?? new();

    /// <summary>The rule.</summary>
    public ReduceOnPlateau Rule { get; }

    /// <inheritdoc/>
    public override void OnTrainBegin(TrainingContext context)
    {
        MonitorOf(Check.NotNull(context, nameof(context))).CheckAvailable(context);
        _stepper = Rule.Start(context.LearningRate);
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(TrainingContext context, EpochResult epoch)
    {
        if (_stepper is not { } stepper)
            return;
        stepper.Rate = context.LearningRate;
        context.LearningRate = stepper.Step(MonitorOf(context).Read(epoch));
    }

    /// <inheritdoc/>
    public override CallbackState? SaveState() => _stepper is null ? null : new(_stepper.Save().ToJson());

    /// <inheritdoc/>
    public override void LoadState(TrainingContext context, CallbackState state)
    {
        try
        {
            _stepper?.Restore(ScheduleState.FromJson(Check.NotNull(state, nameof(state)).Text));
        }
        catch (Exception error) when (error is FormatException or ArgumentException)
        {
            throw new CheckpointException("The checkpoint's state of ReduceOnPlateauCallback is not one of this version.", error);
        }
    }

    private Monitored MonitorOf(TrainingContext context)
        => Rule.Monitor ?? (context.Options.Validates ? Monitored.ValidationLoss : Monitored.Loss);
}
