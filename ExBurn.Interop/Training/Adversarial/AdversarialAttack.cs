namespace ExBurn;

/// <summary>
/// Moves the inputs of a batch, each element by <see cref="Epsilon"/> at most, so that the model's loss on it grows: to measure how robust a model
/// is, or to train on what comes out, <c>trainer.TrainStep(attack.Perturb(trainer, x, y), y)</c>. The gradients are those of evaluation mode (no
/// dropout, batch norm by its running statistics); the model is not changed, and its next training step is what it would have been. Frozen models
/// may be attacked.
/// </summary>
public abstract record AdversarialAttack
{
    private protected AdversarialAttack(double epsilon) => Epsilon = Check.NonNegative(epsilon, nameof(epsilon));

    /// <summary>How far an element may move, in the inputs' units; finite, at least 0.</summary>
    public double Epsilon { get; init => field = Check.NonNegative(value); }

    /// <summary>
    /// Least and largest value of an element, such as (0, 1) for pictures: what comes out is clamped to them last, also where the batch itself
    /// lies outside. Default none.
    /// </summary>
    public (double Minimum, double Maximum)? Bounds
    {
        get;
        init
        {
            if (value is { } range)
                Check.Range(range.Minimum, range.Maximum, nameof(range.Minimum), nameof(range.Maximum));
            field = value;
        }
    }

    /// <summary>The batch, moved: the same shape and element type.</summary>
    /// <param name="trainer">Trainer of the model, which is compiled: its losses are what grows.</param>
    /// <param name="inputs">The batch's inputs, floating-point.</param>
    /// <param name="targets">The batch's targets.</param>
    /// <exception cref="InvalidOperationException">The model is not compiled.</exception>
    /// <exception cref="ArgumentException">The inputs are integers.</exception>
    /// <exception cref="ShapeMismatchException">Data and model do not fit; the exception names the layer.</exception>
    /// <exception cref="NumericalException">The loss is not finite.</exception>
    /// <exception cref="KeyNotFoundException">The loss does not depend on the input.</exception>
    public TensorData Perturb(Trainer trainer, TensorView inputs, TensorView targets) => Perturb(trainer, [inputs.ToData()], [targets.ToData()])[0];

    /// <summary>As <see cref="Perturb(Trainer, TensorView, TensorView)"/>, for several inputs or targets; inputs of integers stay as they are.</summary>
    /// <param name="trainer">Trainer of the model.</param>
    /// <param name="inputs">One array per input of the model, one of them floating-point at least.</param>
    /// <param name="targets">One array per target of the loss.</param>
    public IReadOnlyList<TensorData> Perturb(Trainer trainer, IReadOnlyList<TensorData> inputs, IReadOnlyList<TensorData> targets)
    {
        Check.NotNull(trainer, nameof(trainer));
        Check.NotNull(targets, nameof(targets));
        TensorData[] batch = [.. Check.NotNull(inputs, nameof(inputs)).Select(array => Check.NotNull(array, nameof(inputs)))];
        if (!batch.Any(IsFloat))
            throw new ArgumentException("None of the inputs is floating-point: integers have no gradient. Give them as float or double.", nameof(inputs));
        double[]?[] origin = [.. batch.Select(array => IsFloat(array) ? array.ToDoubles() : null)];
        double[]?[] moved = [.. origin.Select(values => (double[]?)values?.Clone())];
        Run(origin, moved, Climb);
        return Packed();

        // Adds the sign of the loss's gradient, times a step, to what has moved so far, within the bounds.
        void Climb(double step)
        {
            using var gradients = trainer.ComputeGradients(Packed(), targets, new GradientOptions { InputsOnly = true });
            for (var input = 0; input < batch.Length; input++)
            {
                if (moved[input] is not { } values)
                    continue;
                var gradient = gradients.OfInput(input).ToDoubles();
                for (var i = 0; i < values.Length; i++)
                    values[i] += gradient[i] > 0 ? step : gradient[i] < 0 ? -step : 0;
                Project(origin[input]!, values);
            }
        }

        TensorData[] Packed() => [.. batch.Select((array, input) => moved[input] is { } values ? Pack(values, array) : array)];
    }

    /// <summary>Makes the steps; those given climb, and then project.</summary>
    private protected abstract void Run(double[]?[] origin, double[]?[] moved, Action<double> climb);

    /// <summary>Back to within epsilon of the origin, then into the bounds.</summary>
    private protected void Project(double[] origin, double[] values)
    {
        var (least, most) = Bounds ?? (double.NegativeInfinity, double.PositiveInfinity);
        for (var i = 0; i < values.Length; i++)
        {
            var near = Math.Min(Math.Max(values[i], origin[i] - Epsilon), origin[i] + Epsilon);
            values[i] = Math.Min(Math.Max(near, least), most);
        }
    }

    private static bool IsFloat(TensorData array) => array.DType is DType.Float32 or DType.Float64;

    private static TensorData Pack(double[] values, TensorData like)
    {
        if (like.DType == DType.Float64)
            return new(new TensorView(values, like.Shape));
        var singles = new float[values.Length];
        for (var i = 0; i < singles.Length; i++)
            singles[i] = (float)values[i];
        return new(new TensorView(singles, like.Shape));
    }
}
