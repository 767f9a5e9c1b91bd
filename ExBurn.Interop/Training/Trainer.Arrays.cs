namespace ExBurn;

// Data that is at hand as arrays: a dataset of them for the time of the call.
public sealed partial class Trainer
{
    /// <summary>As <see cref="Fit(Dataset, FitOptions?, CancellationToken)"/>, on arrays, which are copied once.</summary>
    /// <param name="inputs">The rows, batch dimension first.</param>
    /// <param name="targets">Their targets, as many rows.</param>
    /// <param name="options">How to train; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the run between two batches.</param>
    /// <inheritdoc cref="Fit(Dataset, FitOptions?, CancellationToken)" path="/returns|/exception"/>
    public History Fit(TensorView inputs, TensorView targets, FitOptions? options = null, CancellationToken cancellationToken = default)
    {
        using var data = Dataset.FromArrays(inputs, targets);
        return Fit(data, options, cancellationToken);
    }

    /// <summary>As <see cref="Evaluate(Dataset, int, CancellationToken)"/>, on arrays, which are copied once.</summary>
    /// <param name="inputs">The rows, batch dimension first.</param>
    /// <param name="targets">Their targets, as many rows.</param>
    /// <param name="batchSize">Rows computed at once. Default 256.</param>
    /// <param name="cancellationToken">Ends it between two batches.</param>
    /// <inheritdoc cref="Evaluate(Dataset, int, CancellationToken)" path="/exception"/>
    public Evaluation Evaluate(TensorView inputs, TensorView targets, int batchSize = 256, CancellationToken cancellationToken = default)
    {
        using var data = Dataset.FromArrays(inputs, targets);
        return Evaluate(data, batchSize, cancellationToken);
    }
}
