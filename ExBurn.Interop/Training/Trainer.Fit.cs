using ExBurn.Native;

namespace ExBurn;

public sealed partial class Trainer
{
    /// <summary>Trains on a dataset and returns when done. One native call per epoch does the work.</summary>
    /// <param name="train">Inputs and targets.</param>
    /// <param name="options">How to train; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the run between two batches; the model stays as after its last whole step and can go on.</param>
    /// <returns>Losses and metrics per epoch, and why the run ended.</returns>
    /// <exception cref="ArgumentException">A dataset is empty, or no batch is left with DropLast.</exception>
    /// <exception cref="InvalidOperationException">The model is not compiled.</exception>
    /// <exception cref="ShapeMismatchException">Data and model do not fit; the exception names the layer.</exception>
    /// <exception cref="NumericalException">The loss is not finite, and <see cref="FitOptions.TerminateOnNaN"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; carries it.</exception>
    /// <exception cref="ExBurnException">The core refused; code <see cref="ErrorCode.Busy"/> when the model is in use.</exception>
    public History Fit(Dataset train, FitOptions? options = null, CancellationToken cancellationToken = default)
        => Run(train, options, null, cancellationToken);

    /// <summary>As <see cref="Fit"/>, on a thread of its own.</summary>
    /// <param name="train">Inputs and targets.</param>
    /// <param name="options">How to train; null for the defaults.</param>
    /// <param name="progress">Told after the batches that <see cref="FitOptions.ReportEvery"/> selects and after each epoch.</param>
    /// <param name="cancellationToken">Ends the run between two batches; the task is then cancelled.</param>
    /// <inheritdoc cref="Fit" path="/exception"/>
    public Task<History> FitAsync(
        Dataset train,
        FitOptions? options = null,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default)
        => DedicatedThread.Run(() => Run(train, options, progress, cancellationToken), cancellationToken);

    private History Run(Dataset train, FitOptions? given, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        var options = given ?? new FitOptions();
        RequireRows(train, nameof(train));
        if (options.Validation is { } validation)
            RequireRows(validation, nameof(FitOptions.Validation));
        if (options.DropLast && options.BatchSize > train.Count)
            throw new ArgumentException($"With DropLast, {train.Count} rows make no batch of {options.BatchSize}.", nameof(given));

        var state = Model.RequireTraining();
        using var claim = Model.ClaimTraining();
        RememberSample(train);
        var history = new History();
        var context = new TrainingContext(this, options, history) { Epoch = state.Epochs };
        var observer = BatchObserver.WhereHeard(context, state.MetricNames, progress);
        var metrics = new double[state.MetricNames.Length];

        foreach (var callback in options.Callbacks)
            callback.OnTrainBegin(context);
        for (var done = 0; done < options.Epochs && !context.IsStopping; done++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            context.Epoch = state.Epochs + 1;
            foreach (var callback in options.Callbacks)
                callback.OnEpochBegin(context);

            var rate = state.LearningRate;
            var result = BurnBridge.TrainEpoch(
                Model.Handle, train.Handle, NativeOptions(options, state.Epochs), [rate], metrics, observer, cancellationToken);
            state.Epochs++;
            var epoch = ToEpoch(result, context.Epoch, rate, new(state.MetricNames, metrics)) with
            {
                Validation = options.Validation is { } held
                    ? EvaluateOn(held, options.ValidationBatchSize ?? options.BatchSize, state, cancellationToken)
                    : null,
            };
            history.Add(epoch);

            observer?.Report(epoch);
            foreach (var callback in options.Callbacks)
                callback.OnEpochEnd(context, epoch);
        }

        (history.StopReason, history.StopMessage) = context.IsStopping ? (StopReason.Callback, context.StopMessage) : default;
        foreach (var callback in options.Callbacks)
            callback.OnTrainEnd(context, history);
        history.Duration = context.Elapsed;
        return history;
    }

    private TrainOptionsNative NativeOptions(FitOptions options, int epoch) => new()
    {
        Shuffle = options.Shuffle,
        DropLast = options.DropLast,
        CheckFinite = options.TerminateOnNaN,
        Epoch = (ulong)epoch,
        Seed = unchecked((ulong)(options.Seed ?? Model.Seed)),
        BatchSize = (ulong)options.BatchSize,
        Accumulate = (ulong)options.AccumulationSteps,
        ReportEvery = (ulong)options.ReportEvery,
        ClipNorm = options.ClipNorm ?? 0,
        ClipValue = options.ClipValue ?? 0,
    };

    private static EpochResult ToEpoch(RunResultNative result, int number, double rate, MetricValues metrics) => new()
    {
        Epoch = number,
        Loss = result.Loss,
        Metrics = metrics,
        LearningRate = rate,
        GradientNorm = result.GradNorm,
        Samples = (long)result.Samples,
        Steps = (long)result.Steps,
        Duration = TimeSpan.FromSeconds(result.Seconds),
    };
}
