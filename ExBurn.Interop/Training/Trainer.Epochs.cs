using System.Runtime.CompilerServices;

namespace ExBurn;

public sealed partial class Trainer
{
    /// <summary>
    /// As <see cref="Fit(Dataset, FitOptions?, CancellationToken)"/>, one epoch at a time: <c>await foreach (var epoch in trainer.Epochs(train, options))</c>. The next epoch is trained
    /// when it is asked for, on a thread of its own; in the loop's body the model may be used, except to train it. Leaving the loop ends the run as a
    /// callback's Stop would.
    /// </summary>
    /// <param name="train">Inputs and targets.</param>
    /// <param name="options">How to train; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the run between two batches.</param>
    /// <inheritdoc cref="Fit(Dataset, FitOptions?, CancellationToken)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public IAsyncEnumerable<EpochResult> Epochs(
        Dataset train, FitOptions? options = null, CancellationToken cancellationToken = default)
    {
        var given = options ?? new FitOptions();
        CheckData(train, given);
        return EachEpoch(token => StartRun(train, given, null, token), cancellationToken);
    }

    /// <summary>As <see cref="Epochs(Dataset, FitOptions?, CancellationToken)"/>, over a stream, which is read anew for each epoch.</summary>
    /// <param name="train">Where the batches come from.</param>
    /// <param name="options">How to train; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the run between two batches, or while it waits for one.</param>
    /// <inheritdoc cref="Fit(DataStream, FitOptions?, CancellationToken)" path="/exception"/>
    public IAsyncEnumerable<EpochResult> Epochs(
        DataStream train, FitOptions? options = null, CancellationToken cancellationToken = default)
    {
        var given = options ?? new FitOptions();
        CheckStream(train, given);
        return EachEpoch(token => StartRun(new StreamSource(train, given), given, null, token), cancellationToken);
    }

    private static async IAsyncEnumerable<EpochResult> EachEpoch(
        Func<CancellationToken, FitRun> start, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var run = start(cancellationToken);
        run.Begin();
        var mayEnd = true;
        try
        {
            while (!run.IsOver)
            {
                mayEnd = false;
                var epoch = await DedicatedThread.Run(run.NextEpoch, cancellationToken).ConfigureAwait(false);
                mayEnd = true;
                yield return epoch;
            }
        }
        finally
        {
            // After an exception or a cancellation the callbacks do not hear of an end.
            if (mayEnd)
            {
                if (!run.IsOver)
                    run.Leave();
                run.End();
            }
        }
    }
}
