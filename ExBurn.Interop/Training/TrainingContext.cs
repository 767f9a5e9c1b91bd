using System.Diagnostics;

namespace ExBurn;

/// <summary>The run that a <see cref="Callback"/> listens to, and its levers.</summary>
public sealed class TrainingContext
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    internal TrainingContext(Trainer trainer, FitOptions options, History history)
    {
        Trainer = trainer;
        Options = options;
        History = history;
    }

    /// <summary>The trainer.</summary>
    public Trainer Trainer { get; }

    /// <summary>The model; free to be used except in <see cref="Callback.OnBatchEnd"/>.</summary>
    public Model Model => Trainer.Model;

    /// <summary>The options of the run.</summary>
    public FitOptions Options { get; }

    /// <summary>The epochs of this run so far.</summary>
    public History History { get; }

    /// <summary>Number of the epoch in progress, or of the last one, from 1; continues where an earlier run on the compiled model ended.</summary>
    public int Epoch { get; internal set; }

    /// <summary>Optimizer steps of the run so far, those before a restart included; in <see cref="Callback.OnBatchEnd"/> as of the last pause or epoch.</summary>
    public long Steps { get; internal set; }

    /// <summary>Rows of an epoch; null for a stream that does not say.</summary>
    public int? Samples { get; internal init; }

    /// <summary>Batches of a whole epoch; null for a stream that does not say.</summary>
    public long? Batches { get; internal init; }

    /// <summary>Whether the run goes on from a checkpoint (<see cref="FitOptions.ResumeFrom"/>); <see cref="History"/> then has its epochs.</summary>
    public bool IsResumed { get; internal set; }

    /// <summary>Time since the run began, or was resumed.</summary>
    public TimeSpan Elapsed => _clock.Elapsed;

    /// <summary>
    /// The learning rate of the next step. With a schedule: its rate, which moves on before <see cref="Callback.OnEpochEnd"/>. A value set here
    /// holds from the next optimizer step on, within an epoch too, and is what the schedule goes on from, as in PyTorch: those that compute a rate from the
    /// one before keep it, those that compute it from the position replace it at their next step.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The rate is negative or not finite.</exception>
    public double LearningRate
    {
        get => Trainer.LearningRate;
        set => Trainer.LearningRate = value;
    }

    /// <summary>Whether a callback has asked the run to end.</summary>
    public bool IsStopping { get; private set; }

    internal string? StopMessage { get; private set; }

    internal StopReason StopReason { get; private set; }

    /// <summary>Ends the run: after this batch in <see cref="Callback.OnBatchEnd"/>, else after this epoch. Validation and OnEpochEnd still take place.</summary>
    /// <param name="message">Why, for <see cref="History.StopMessage"/>.</param>
    public void Stop(string? message = null) => Stop(StopReason.Callback, message);

    /// <summary>Ends the run; the first reason is the one that counts.</summary>
    internal void Stop(StopReason reason, string? message)
    {
        if (!IsStopping)
            (StopReason, StopMessage) = (reason, message);
        IsStopping = true;
    }

    /// <summary>Ends the run when its time is up.</summary>
    internal void CheckTime()
    {
        if (Options.TimeLimit is { } limit && Elapsed >= limit)
            Stop(StopReason.TimeLimit, null);
    }
}
