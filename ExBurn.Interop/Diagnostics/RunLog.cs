using Microsoft.Extensions.Logging;

namespace ExBurn;

/// <summary>Writes a run to an <see cref="ILogger"/>: its begin (event 1), each epoch (2), its end (3), and on demand batches (4, level Debug).</summary>
public sealed partial class RunLog : Callback
{
    private readonly ILogger _logger;

    /// <summary>A log.</summary>
    /// <param name="logger">Where to.</param>
    /// <param name="batches">Whether the batches that <see cref="FitOptions.ReportEvery"/> selects are written too. Default false.</param>
    public RunLog(ILogger logger, bool batches = false)
    {
        _logger = Check.NotNull(logger, nameof(logger));
        Batches = batches;
    }

    /// <summary>Whether batches are written too.</summary>
    public bool Batches { get; }

    internal override bool ListensToBatches => Batches;

    /// <inheritdoc/>
    public override void OnTrainBegin(TrainingContext context)
    {
        Check.NotNull(context, nameof(context));
        Began(_logger, context.Options.Epochs, context.Options.BatchSize, context.LearningRate);
    }

    /// <inheritdoc/>
    public override void OnBatchEnd(TrainingContext context, in BatchResult batch)
    {
        if (Batches)
            BatchEnded(_logger, batch.Epoch, batch.Batch, batch.Batches, batch.Loss, batch.LearningRate);
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(TrainingContext context, EpochResult epoch)
    {
        if (!_logger.IsEnabled(LogLevel.Information))
            return;
        var validation = Check.NotNull(epoch, nameof(epoch)).Validation;
        EpochEnded(_logger, epoch.Epoch, epoch.Loss, epoch.Metrics.ToString(), validation?.ToString() ?? "none", epoch.LearningRate, epoch.Duration.TotalSeconds);
    }

    /// <inheritdoc/>
    public override void OnTrainEnd(TrainingContext context, History history)
    {
        Check.NotNull(history, nameof(history));
        Ended(_logger, history.Epochs.Count, history.StopReason, history.StopMessage ?? "");
    }

    [LoggerMessage(1, LogLevel.Information, "Training begins: {Epochs} epochs, batches of {BatchSize}, learning rate {LearningRate}")]
    private static partial void Began(ILogger logger, int epochs, int batchSize, double learningRate);

    [LoggerMessage(2, LogLevel.Information, "Epoch {Epoch}: loss {Loss} [{Metrics}], validation [{Validation}], learning rate {LearningRate}, {Seconds} s")]
    private static partial void EpochEnded(ILogger logger, int epoch, double loss, string metrics, string validation, double learningRate, double seconds);

    [LoggerMessage(3, LogLevel.Information, "Training ended after {Epochs} epochs: {Reason} {Detail}")]
    private static partial void Ended(ILogger logger, int epochs, StopReason reason, string detail);

    [LoggerMessage(4, LogLevel.Debug, "Epoch {Epoch}, batch {Batch} of {Batches}: loss {Loss}, learning rate {LearningRate}")]
    private static partial void BatchEnded(ILogger logger, int epoch, long batch, long batches, double loss, double learningRate);
}
