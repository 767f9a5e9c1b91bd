namespace ExBurn;

/// <summary>
/// Writes a run for TensorBoard: <c>loss</c>, the metrics, <c>validation_loss</c> ... and <c>learning_rate</c> over the epochs, and on demand
/// <c>batch/loss</c> and <c>batch/learning_rate</c> over the batches. Each run writes a file of its own; it is complete up to the last epoch at any time.
/// </summary>
public sealed class TensorBoardLog : Callback
{
    private TensorBoardWriter? _writer;
    private long _batchesBefore;

    /// <summary>A log for TensorBoard.</summary>
    /// <param name="folder">Where; its name is the run's name in TensorBoard.</param>
    /// <param name="batches">Whether the batches that <see cref="FitOptions.ReportEvery"/> selects are written too. Default false.</param>
    public TensorBoardLog(string folder, bool batches = false)
    {
        Folder = Check.NotNull(folder, nameof(folder));
        Batches = batches;
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Whether batches are written too.</summary>
    public bool Batches { get; }

    /// <summary>The file of the last run; null before the first.</summary>
    public string? FilePath => _writer?.FilePath;

    internal override bool ListensToBatches => Batches;

    /// <inheritdoc/>
    public override void OnTrainBegin(TrainingContext context) => (_writer, _batchesBefore) = (new(Folder), 0);

    /// <inheritdoc/>
    public override void OnBatchEnd(TrainingContext context, in BatchResult batch)
    {
        if (!Batches || _writer is not { } writer)
            return;
        var step = _batchesBefore + batch.Batch;
        writer.AddScalar("batch/loss", batch.Loss, step);
        writer.AddScalar("batch/learning_rate", batch.LearningRate, step);
        if (batch.Batch == batch.Batches)
            _batchesBefore = step;
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(TrainingContext context, EpochResult epoch)
    {
        if (_writer is not { } writer)
            return;
        foreach (var scalar in EpochColumns.Scalars(Check.NotNull(epoch, nameof(epoch))))
            writer.AddScalar(scalar.Key, scalar.Value, epoch.Epoch);
        writer.Flush();
    }
}
