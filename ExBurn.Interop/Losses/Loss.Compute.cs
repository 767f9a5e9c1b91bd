namespace ExBurn;

public abstract partial record Loss
{
    /// <summary>The loss of given predictions, without a model: in single precision, or in double where the predictions are double. On the CPU.</summary>
    /// <param name="prediction">What a model would give out, batch dimension first.</param>
    /// <param name="target">The target, as in training.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not fit.</exception>
    /// <exception cref="ArgumentException">The loss takes several targets, or a target is out of range.</exception>
    public double Compute(TensorView prediction, TensorView target) => Compute(prediction, [target.ToData()]);

    /// <summary>As <see cref="Compute(TensorView, TensorView)"/>, for losses of several targets.</summary>
    /// <param name="prediction">What a model would give out, batch dimension first.</param>
    /// <param name="targets">One array per target of the loss.</param>
    public double Compute(TensorView prediction, IReadOnlyList<TensorData> targets)
    {
        // In evaluation dropout gives out what it gets.
        using var identity = new Sequential(new Dropout(0));
        identity.Compile(new SGD(), this, dtype: prediction.DType == DType.Float64 ? DType.Float64 : DType.Float32, seed: 0);
        return new Trainer(identity).EvaluateStep([prediction.ToData()], targets).Loss;
    }

    /// <summary>The loss of every element before it is reduced, PyTorch's <c>reduction="none"</c>, without a model and on the CPU.</summary>
    /// <param name="prediction">What a model would give out, batch dimension first.</param>
    /// <param name="target">The target, as in training.</param>
    /// <returns>One value per element, for losses of classes one per target; in double precision where the predictions are double, else in single.</returns>
    /// <exception cref="ShapeMismatchException">The shapes do not fit.</exception>
    /// <exception cref="ArgumentException">The loss takes several targets, or a target is out of range.</exception>
    public TensorData ComputeEach(TensorView prediction, TensorView target) => ComputeEach(prediction, [target.ToData()]);

    /// <summary>As <see cref="ComputeEach(TensorView, TensorView)"/>, for losses of several targets.</summary>
    /// <param name="prediction">What a model would give out, batch dimension first.</param>
    /// <param name="targets">One array per target of the loss.</param>
    public TensorData ComputeEach(TensorView prediction, IReadOnlyList<TensorData> targets)
    {
        Check.NotNull(targets, nameof(targets));
        using var scope = new TensorScope();
        var dtype = prediction.DType == DType.Float64 ? DType.Float64 : DType.Float32;
        Tensor Of(TensorView array) => Tensor.FromArray(array, array.DType is DType.Float32 or DType.Float64 ? dtype : null);
        var each = this with { Reduction = Reduction.None };
        return each.Apply(Tensor.FromArray(prediction, dtype), [.. targets.Select(target => Of(target))]).ToData();
    }
}
