using ExBurn.Native;

namespace ExBurn;

public sealed partial class Dataset
{
    /// <summary>
    /// The rows batch by batch, as copies in managed memory, for a loop of one's own with <c>trainer.TrainStep(batch.Inputs, batch.Targets)</c>.
    /// <see cref="Trainer.Fit(Dataset, FitOptions?, CancellationToken)"/> does not need it: there the rows stay in native memory. Each reading begins anew, with the same order.
    /// </summary>
    /// <param name="batchSize">Rows per batch; the last one may be smaller. Default 32.</param>
    /// <param name="shuffle">Whether the rows come in a random order. Default false.</param>
    /// <param name="seed">Fixes that order; give each epoch another. Default 0.</param>
    /// <param name="dropLast">Whether a last batch that is smaller than the others is left out. Default false.</param>
    public IEnumerable<Batch> Batches(int batchSize = 32, bool shuffle = false, long seed = 0, bool dropLast = false)
    {
        Check.Positive(batchSize, nameof(batchSize));
        return Each();

        IEnumerable<Batch> Each()
        {
            using var rows = shuffle ? Shuffle(seed) : Slice(0, Count);
            for (var start = 0; start < Count && (!dropLast || start + batchSize <= Count); start += batchSize)
            {
                var count = Math.Min(batchSize, Count - start);
                yield return new(
                    [.. Enumerable.Range(0, InputShapes.Count).Select(i => rows.GetInput(i, start, count))],
                    [.. Enumerable.Range(0, TargetShapes.Count).Select(i => rows.GetTarget(i, start, count))])
                {
                    Weights = rows.HasWeights ? rows.Rows(DatasetRole.Weight, 0, start, count) : null,
                };
            }
        }
    }
}
