using ExBurn.Native;

namespace ExBurn;

// Streams: the same runs over data that is read while they go on.
public sealed partial class Trainer
{
    /// <summary>Trains on a stream, which is read anew for each epoch. Losses, metrics and limits as with a dataset.</summary>
    /// <param name="train">Where the batches come from.</param>
    /// <param name="options">How to train; null for the defaults. Shuffle does not matter: a stream has its own order.</param>
    /// <param name="cancellationToken">Ends the run between two batches, or while it waits for one.</param>
    /// <returns>Losses and metrics per epoch, and why the run ended.</returns>
    /// <exception cref="ArgumentException">The stream is empty, or an option is not for streams.</exception>
    /// <exception cref="InvalidOperationException">The model is not compiled, or the source gives nothing when it is read again.</exception>
    /// <exception cref="ShapeMismatchException">Data and model do not fit; the exception names the layer.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; carries it.</exception>
    public History Fit(DataStream train, FitOptions? options = null, CancellationToken cancellationToken = default)
        => Run(train, options ?? new(), null, cancellationToken);

    /// <summary>As <see cref="Fit(DataStream, FitOptions?, CancellationToken)"/>, on a thread of its own.</summary>
    /// <param name="train">Where the batches come from.</param>
    /// <param name="options">How to train; null for the defaults.</param>
    /// <param name="progress">Told after the batches that <see cref="FitOptions.ReportEvery"/> selects and after each epoch.</param>
    /// <param name="cancellationToken">Ends the run between two batches, or while it waits for one.</param>
    /// <inheritdoc cref="Fit(DataStream, FitOptions?, CancellationToken)" path="/exception"/>
    public Task<History> FitAsync(
        DataStream train,
        FitOptions? options = null,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default)
        => DedicatedThread.Run(() => Run(train, options ?? new(), progress, cancellationToken), cancellationToken);

    /// <summary>Loss and metrics over a stream; the model is not changed.</summary>
    /// <param name="data">Where the batches come from.</param>
    /// <param name="batchSize">Rows of a batch, for a stream of samples. Default 256.</param>
    /// <param name="cancellationToken">Ends it between two batches, or while it waits for one.</param>
    /// <exception cref="ArgumentException">The stream is empty.</exception>
    /// <exception cref="InvalidOperationException">The model is not compiled, or the source gives nothing when it is read again.</exception>
    /// <exception cref="ShapeMismatchException">Data and model do not fit; the exception names the layer.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; carries it.</exception>
    public Evaluation Evaluate(DataStream data, int batchSize = 256, CancellationToken cancellationToken = default)
    {
        Check.NotNull(data, nameof(data));
        Check.Positive(batchSize, nameof(batchSize));
        return EvaluateOn(data, batchSize, Model.RequireTraining(), cancellationToken);
    }

    internal Evaluation EvaluateOn(DataStream data, int batchSize, TrainingState state, CancellationToken cancellationToken)
    {
        var metrics = new double[state.MetricNames.Length];
        using var queue = new BatchQueue(over => data.Batches(batchSize, false, null, over), data.Prefetch, cancellationToken);
        var result = BurnBridge.EvaluateStream(Model.Handle, new EvaluationFeed(queue), metrics, cancellationToken);
        data.Delivered((long)result.Batches);
        return new()
        {
            Loss = result.Loss,
            Metrics = new(state.MetricNames, metrics),
            Samples = (long)result.Samples,
            Duration = TimeSpan.FromSeconds(result.Seconds),
        };
    }

    /// <summary>As <see cref="Evaluate(DataStream, int, CancellationToken)"/>, on a thread of its own.</summary>
    /// <inheritdoc cref="Evaluate(DataStream, int, CancellationToken)" path="/param|/exception"/>
    public Task<Evaluation> EvaluateAsync(DataStream data, int batchSize = 256, CancellationToken cancellationToken = default)
        => DedicatedThread.Run(() => Evaluate(data, batchSize, cancellationToken), cancellationToken);

    private History Run(DataStream train, FitOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        CheckStream(train, options);
        using var run = StartRun(new StreamSource(train, options), options, progress, cancellationToken);
        return Complete(run);
    }

    private static void CheckStream(DataStream train, FitOptions options)
    {
        Check.NotNull(train, nameof(train));
        options.CheckValidation();
        if (options.ValidationSplit is not null || options.Sampler is not null || options.Mixing is not null)
            throw new ArgumentException("ValidationSplit, Sampler and Mixing need a dataset; a stream has its own order.", nameof(options));
    }
}
