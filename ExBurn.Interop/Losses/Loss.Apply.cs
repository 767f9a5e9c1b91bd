using ExBurn.Native;

namespace ExBurn;

public abstract partial record Loss
{
    /// <summary>
    /// The loss of a tensor times <see cref="LossWeight"/>, a scalar, or with <see cref="Reduction.None"/> one value per element: <c>using var loss = Loss.MeanSquaredError().Apply(prediction, target);</c>. Its
    /// gradient goes to the prediction.
    /// </summary>
    /// <param name="prediction">Floats, batch dimension first.</param>
    /// <param name="target">Target on the same device, as in training: class indices as Int32, floats of the prediction's type. Requires no gradient.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit.</exception>
    /// <exception cref="DTypeException">The types do not fit.</exception>
    /// <exception cref="ArgumentException">A target is out of range or requires a gradient, or the loss takes several targets.</exception>
    public Tensor Apply(Tensor prediction, Tensor target) => Apply(prediction, [target]);

    /// <summary>As <see cref="Apply(Tensor, Tensor)"/>, for losses of several targets.</summary>
    /// <param name="prediction">Floats, batch dimension first.</param>
    /// <param name="targets">One tensor per target of the loss.</param>
    public Tensor Apply(Tensor prediction, IReadOnlyList<Tensor> targets)
    {
        Check.NotNull(prediction, nameof(prediction));
        Tensor[] all = [.. Check.NotNull(targets, nameof(targets)).Select(target => Check.NotNull(target, nameof(targets)))];
        var options = new TensorOptionsNative(Tensor.Tracking(TypeName, [prediction, .. all]), false, 0, 0);
        Tensor loss = new(BurnBridge.TensorLoss(ToJson(), prediction, all, options), prediction.Device);
        if (LossWeight == 1)
            return loss;
        using (loss)
            return loss * LossWeight;
    }
}
