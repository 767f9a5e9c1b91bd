using ExBurn.Native;

namespace ExBurn;

public sealed partial class Trainer
{
    /// <summary>
    /// Writes everything that training needs to go on bit for bit: weights, buffers, averaged weights, optimizer state, schedules, rates, epoch and
    /// position in it, seed and counters of the random numbers, the history of the run and what its callbacks remember. One safetensors
    /// file, written to a temporary name and then renamed: a crash at any moment leaves an earlier file whole. <see cref="Model.Load(string, bool)"/> takes
    /// its weights too.
    /// <para>In a callback, <see cref="Callback.OnCheckpoint"/> is the place: all callbacks have seen the epoch then.</para>
    /// </summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    /// <exception cref="InvalidOperationException">The model is not compiled.</exception>
    /// <exception cref="ArgumentException">The averaged weights are in use.</exception>
    /// <exception cref="ExBurnException">Code <see cref="ErrorCode.Busy"/>: the model is training; within an epoch see <see cref="Callback.StepInterval"/>.</exception>
    public void SaveCheckpoint(string path)
    {
        var state = Model.RequireTraining();
        var progress = state.Run?.Capture() ?? Between(state);
        BurnBridge.WriteCheckpoint(Model.Handle, Check.NotNull(path, nameof(path)), progress.ToJson(), progress.Attachments());
    }

    /// <summary>
    /// Takes over a checkpoint: weights, optimizer state, averages, what is frozen, seed, rate and number of epochs. A Fit after it goes on from
    /// there as after an earlier run of this process: with a history of its own, with its schedule where that was left, from an epoch's beginning. To go on
    /// with the interrupted run itself, within an epoch too, see <see cref="FitOptions.ResumeFrom"/>.
    /// </summary>
    /// <param name="path">A file of <see cref="SaveCheckpoint"/>, written by the same model with the same types of optimizers.</param>
    /// <returns>The history of the run that wrote it.</returns>
    /// <exception cref="CheckpointException">The file is missing, damaged, foreign, newer, or does not fit; the message says what differs, and nothing is changed.</exception>
    /// <exception cref="InvalidOperationException">The model is not compiled.</exception>
    /// <exception cref="ExBurnException">Code <see cref="ErrorCode.Busy"/>: the model is training.</exception>
    public History LoadCheckpoint(string path)
    {
        Check.NotNull(path, nameof(path));
        var state = Model.RequireTraining();
        using var claim = Model.ClaimTraining();
        var progress = Restore(path, state, static _ => { });
        var history = new History { Duration = progress.Duration };
        foreach (var epoch in progress.History)
            history.Add(epoch);
        return history;
    }

    /// <summary>
    /// Puts the averaged weights (<see cref="FitOptions.Ema"/>) in the place of the trained ones, to evaluate, predict and save with them:
    /// <c>using (trainer.UseAveragedWeights()) model.Save(path);</c>. Training is an error until the result is disposed.
    /// </summary>
    /// <exception cref="InvalidOperationException">There are no averaged weights yet, or they are in use already.</exception>
    public IDisposable UseAveragedWeights()
    {
        var state = Model.RequireTraining();
        if (state.Averaged is not null)
            throw new InvalidOperationException("The averaged weights are in use already.");
        return AveragedWeights.Enter(Model.Handle, state)
            ?? throw new InvalidOperationException("There are no averaged weights: train with FitOptions.Ema first.");
    }

    /// <summary>The averaged weights where the run's validation judges them; null, with nothing done, where it does not.</summary>
    internal IDisposable? UseJudgedWeights(FitOptions options)
    {
        var state = Model.RequireTraining();
        return options is { Ema.Validate: true, Validation: not null } && state.Averaged is null ? AveragedWeights.Enter(Model.Handle, state) : null;
    }

    /// <summary>Reads a checkpoint, lets the caller refuse it, then takes it over.</summary>
    internal RunProgress Restore(string path, TrainingState state, Action<RunProgress> check)
    {
        using var checkpoint = BurnBridge.ReadCheckpoint(Model.Handle, path);
        var (notes, attachments) = BurnBridge.CheckpointNotes(checkpoint);
        var progress = RunProgress.FromJson(notes, attachments);
        if (progress.Schedules.Count != 0 && progress.Schedules.Count != state.Schedules.Length)
            throw new CheckpointException($"The checkpoint does not fit the model: schedules: expected {state.Schedules.Length}, found {progress.Schedules.Count}.");
        check(progress);
        BurnBridge.ApplyCheckpoint(checkpoint, Model.Handle);
        (state.LearningRate, state.Epochs, state.Progress) = (progress.LearningRate, progress.Epochs, progress);
        (state.Schedules, state.Saved) = (new ScheduleStepper?[state.Schedules.Length], progress.Schedules);
        Model.RestoreSeed(progress.Seed);
        return progress;
    }

    /// <summary>Between two runs: what the last one left, with the rate that was set since.</summary>
    private RunProgress Between(TrainingState state)
    {
        var last = state.Progress ?? new RunProgress();
        return last.Open is not null ? last : last with { Epochs = state.Epochs, LearningRate = state.LearningRate, Seed = Model.Seed };
    }

    /// <summary>Holds the averaged weights in place until it is disposed.</summary>
    private sealed class AveragedWeights(ModelHandle model, TrainingState state) : IDisposable
    {
        public static AveragedWeights? Enter(ModelHandle model, TrainingState state)
            => BurnBridge.UseAverage(model, true) ? new AveragedWeights(model, state).Begun() : null;

        public void Dispose()
        {
            if (state.Averaged != this)
                return;
            state.Averaged = null;
            if (!model.IsClosed)
                BurnBridge.UseAverage(model, false);
        }

        private AveragedWeights Begun()
        {
            state.Averaged = this;
            return this;
        }
    }
}
