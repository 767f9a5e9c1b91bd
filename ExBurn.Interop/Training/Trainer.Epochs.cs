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
    public IAsyncEnumerable<EpochResult> Epochs(
        Dataset train, FitOptions? options = null, CancellationToken cancellationToken = default)
    {
        var given = options ?? new FitOptions();
        CheckData(train, given);
        return EachEpoch(train, given, cancellationToken);
    }

    private async IAsyncEnumerable<EpochResult> EachEpoch(
        Dataset train, FitOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var run = StartRun(train, options, null, cancellationToken);
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
