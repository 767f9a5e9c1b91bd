using System.Runtime.CompilerServices;
using ExBurn.Native;

namespace ExBurn;

public sealed partial class Trainer
{
    /// <summary>Loss and metrics over a dataset; the model is not changed.</summary>
    /// <param name="data">Inputs and targets.</param>
    /// <param name="batchSize">Rows computed at once. Default 256.</param>
    /// <param name="cancellationToken">Ends it between two batches.</param>
    /// <exception cref="ArgumentException">The dataset is empty.</exception>
    /// <exception cref="InvalidOperationException">The model is not compiled.</exception>
    /// <exception cref="ShapeMismatchException">Data and model do not fit; the exception names the layer.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; carries it.</exception>
    [OverloadResolutionPriority(1)]
    public Evaluation Evaluate(Dataset data, int batchSize = 256, CancellationToken cancellationToken = default)
    {
        RequireRows(data, nameof(data));
        Check.Positive(batchSize, nameof(batchSize));
        RememberSample(data);
        return EvaluateOn(data, batchSize, Model.RequireTraining(), cancellationToken);
    }

    /// <summary>As <see cref="Evaluate(Dataset, int, CancellationToken)"/>, on a thread of its own.</summary>
    /// <inheritdoc cref="Evaluate(Dataset, int, CancellationToken)" path="/param|/exception"/>
    [OverloadResolutionPriority(1)]
    public Task<Evaluation> EvaluateAsync(Dataset data, int batchSize = 256, CancellationToken cancellationToken = default)
        => DedicatedThread.Run(() => Evaluate(data, batchSize, cancellationToken), cancellationToken);

    internal Evaluation EvaluateOn(Dataset data, int batchSize, TrainingState state, CancellationToken cancellationToken)
    {
        var metrics = new double[state.MetricNames.Length];
        var result = BurnBridge.Evaluate(Model.Handle, data.Handle, (ulong)batchSize, 0, metrics, null, cancellationToken);
        return new()
        {
            Loss = result.Loss,
            Metrics = new(state.MetricNames, metrics),
            Samples = (long)result.Samples,
            Duration = TimeSpan.FromSeconds(result.Seconds),
        };
    }
}
