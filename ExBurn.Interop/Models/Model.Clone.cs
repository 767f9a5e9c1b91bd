using ExBurn.Native;

namespace ExBurn;

public abstract partial class Model
{
    /// <summary>
    /// A second model with the same layers, weights, buffers, frozen marks and device, compiled where this one is. From then on each goes its own
    /// way; memory is shared until one of the two changes it. A model that is not built gives one that is not built.
    /// </summary>
    /// <param name="withOptimizer">Whether it also takes over how far training is: the optimizer's state, the rate, the schedule, the number of
    /// epochs and the place in the random numbers, so that both would train alike. Else it starts as a model just compiled. Default true.</param>
    /// <returns>The copy. Dispose it.</returns>
    /// <exception cref="InvalidOperationException">The averaged weights are in place, and <paramref name="withOptimizer"/>: a copy could not go back
    /// to the trained ones. Without the optimizer the copy has the averaged weights as its own.</exception>
    /// <exception cref="ExBurnException">Code <see cref="ErrorCode.Busy"/>: the model is in use by another thread.</exception>
    public Model Clone(bool withOptimizer = true)
    {
        ThrowIfDisposed();
        if (withOptimizer && Training?.Averaged is not null)
            throw new InvalidOperationException("The averaged weights are in place: put the trained ones back, or clone without the optimizer.");
        var copy = NewLike();
        copy._inputShape = _inputShape;
        copy.SeenSampleShape = SeenSampleShape;
        if (_handle is { } built)
        {
            copy._handle = BurnBridge.CloneModel(built, withOptimizer);
            (copy.Device, copy.DType, copy.Seed) = (Device, DType, Seed);
            (copy._adapters, copy._marksBefore) = (_adapters, _marksBefore);
            copy.InferencePrecision = InferencePrecision;
            copy.Training = Training?.Copy(withOptimizer);
        }
        return copy;
    }
}
