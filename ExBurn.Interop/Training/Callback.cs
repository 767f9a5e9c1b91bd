namespace ExBurn;

/// <summary>
/// What listens to a run of <see cref="Trainer.Fit(Dataset, FitOptions?, CancellationToken)"/>: derive from it and override what is wanted. All methods run on the thread
/// that trains. An exception ends the run and comes out of Fit unchanged; the model stays as after its last whole step.
/// A callback may hold state; it begins anew in <see cref="OnTrainBegin"/> and must not be used by two runs at once.
/// </summary>
public abstract class Callback
{
    /// <summary>Before the first epoch.</summary>
    public virtual void OnTrainBegin(TrainingContext context)
    {
    }

    /// <summary>Before each epoch; a learning rate set here holds from its first step. Not before the rest of an epoch that a resumed run goes on with.</summary>
    public virtual void OnEpochBegin(TrainingContext context)
    {
    }

    /// <summary>
    /// After every <see cref="FitOptions.ReportEvery"/>-th batch and after the last. The model itself is in use: calls to it
    /// fail with <see cref="ErrorCode.Busy"/>. Runs that nobody listens to here never leave native code within an epoch.
    /// </summary>
    public virtual void OnBatchEnd(TrainingContext context, in BatchResult batch)
    {
    }

    /// <summary>After each epoch and its validation. The model may be used.</summary>
    public virtual void OnEpochEnd(TrainingContext context, EpochResult epoch)
    {
    }

    /// <summary>
    /// Whether the batches of <see cref="OnBatchEnd"/> shall tell the norms of the gradients (<see cref="BatchResult.GradientNorm"/>,
    /// <see cref="BatchResult.ParameterNorms"/>): one more pass over the gradients of each step that is reported. Default false: nothing is computed.
    /// </summary>
    public virtual bool WatchesGradients => false;

    /// <summary>
    /// Optimizer steps, counted over the run, between two calls of <see cref="OnSteps"/>, at least 1; null (default) for none. Training pauses
    /// there, between two batches; with accumulation after a whole step.
    /// </summary>
    public virtual int? StepInterval => null;

    /// <summary>After every <see cref="StepInterval"/>-th optimizer step of the run. The model may be used: evaluated, saved, but not trained.</summary>
    public virtual void OnSteps(TrainingContext context)
    {
    }

    /// <summary>
    /// When all callbacks have been told of an epoch's end (<see cref="OnEpochEnd"/>) or of a pause within it (<see cref="OnSteps"/>): the run's
    /// state is complete, the place for <see cref="Trainer.SaveCheckpoint"/>.
    /// </summary>
    /// <param name="context">The run.</param>
    /// <param name="epoch">The epoch that ended; null within one.</param>
    public virtual void OnCheckpoint(TrainingContext context, EpochResult? epoch)
    {
    }

    /// <summary>What the callback must remember across a restart, for a checkpoint; null (default) for nothing.</summary>
    public virtual CallbackState? SaveState() => null;

    /// <summary>Takes over what <see cref="SaveState"/> gave, in a resumed run after <see cref="OnTrainBegin"/>.</summary>
    public virtual void LoadState(TrainingContext context, CallbackState state)
    {
    }

    /// <summary>After the last epoch; not after an exception or a cancellation.</summary>
    public virtual void OnTrainEnd(TrainingContext context, History history)
    {
    }

    private delegate void BatchMethod(TrainingContext context, in BatchResult batch);

    /// <summary>Whether <see cref="OnBatchEnd"/> is overridden: the method that a delegate to it would call tells.</summary>
    internal virtual bool ListensToBatches => new BatchMethod(OnBatchEnd).Method.DeclaringType != typeof(Callback);
}
