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

    /// <summary>Before each epoch; a learning rate set here holds for the whole epoch.</summary>
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

    /// <summary>After the last epoch; not after an exception or a cancellation.</summary>
    public virtual void OnTrainEnd(TrainingContext context, History history)
    {
    }

    private delegate void BatchMethod(TrainingContext context, in BatchResult batch);

    /// <summary>Whether <see cref="OnBatchEnd"/> is overridden: the method that a delegate to it would call tells.</summary>
    internal virtual bool ListensToBatches => new BatchMethod(OnBatchEnd).Method.DeclaringType != typeof(Callback);
}
