using System.Runtime.CompilerServices;

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
    [OverloadResolutionPriority(1)]
    public History Fit(Dataset train, FitOptions? options = null, CancellationToken cancellationToken = default)
        => Run(train, options ?? new(), null, cancellationToken);

    /// <summary>As <see cref="Fit(Dataset, FitOptions?, CancellationToken)"/>, on a thread of its own.</summary>
    /// <param name="train">Inputs and targets.</param>
    /// <param name="options">How to train; null for the defaults.</param>
    /// <param name="progress">Told after the batches that <see cref="FitOptions.ReportEvery"/> selects and after each epoch.</param>
    /// <param name="cancellationToken">Ends the run between two batches; the task is then cancelled.</param>
    /// <inheritdoc cref="Fit(Dataset, FitOptions?, CancellationToken)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public Task<History> FitAsync(
        Dataset train,
        FitOptions? options = null,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default)
        => DedicatedThread.Run(() => Run(train, options ?? new(), progress, cancellationToken), cancellationToken);

    private History Run(Dataset train, FitOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        CheckData(train, options);
        using var run = StartRun(train, options, progress, cancellationToken);
        return Complete(run);
    }

    private static History Complete(FitRun run)
    {
        run.Begin();
        while (!run.IsOver)
            run.NextEpoch();
        return run.End();
    }

    private FitRun StartRun(Dataset train, FitOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        var source = new DatasetSource(train, options, options.Seed ?? Model.Seed);
        var run = StartRun(source, options, progress, cancellationToken);
        RememberSample(train);
        return run;
    }

    private FitRun StartRun(TrainSource source, FitOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        try
        {
            return new(this, source, options, progress, cancellationToken);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    private static void CheckData(Dataset train, FitOptions options)
    {
        RequireRows(train, nameof(train));
        options.CheckValidation();
    }
}
