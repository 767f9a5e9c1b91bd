using System.Runtime.CompilerServices;

namespace ExBurn;

public sealed partial class Trainer
{
    /// <summary>
    /// Compares the gradients of a batch's loss with central differences (loss(p + h) - loss(p - h)) / 2h, for layers of one's own and for doubts. It
    /// works on a copy in double precision on the CPU, in training mode; the model is not changed. Slow: two passes per element tried.
    /// </summary>
    /// <param name="inputs">The batch's inputs.</param>
    /// <param name="targets">The batch's targets.</param>
    /// <param name="options">Step, number of elements, tolerances; null for the defaults.</param>
    /// <exception cref="InvalidOperationException">The model is not compiled; or its loss differs from pass to pass, because a layer draws random numbers
    /// (dropout), so that there are no differences to compare with.</exception>
    /// <exception cref="ShapeMismatchException">Data and model do not fit; the exception names the layer.</exception>
    [OverloadResolutionPriority(1)]
    public GradientCheck CheckGradients(TensorView inputs, TensorView targets, GradientCheckOptions? options = null)
        => CheckGradients([inputs.ToData()], [targets.ToData()], options);

    /// <summary>As <see cref="CheckGradients(TensorView, TensorView, GradientCheckOptions?)"/>, for several inputs or targets.</summary>
    /// <param name="inputs">One array per input of the model.</param>
    /// <param name="targets">One array per target of the loss.</param>
    /// <param name="options">Step, number of elements, tolerances; null for the defaults.</param>
    public GradientCheck CheckGradients(IReadOnlyList<TensorData> inputs, IReadOnlyList<TensorData> targets, GradientCheckOptions? options = null)
    {
        options ??= new();
        Model.RequireTraining();
        TensorData[] x = [.. Check.NotNull(inputs, nameof(inputs)).Select(Widened)], y = [.. Check.NotNull(targets, nameof(targets)).Select(Widened)];
        using var copy = Model.Clone(withOptimizer: false);
        copy.Compile(Model.Optimizer!, Model.Losses, device: Device.Cpu, dtype: DType.Float64);
        var trainer = new Trainer(copy);
        using var exact = trainer.ComputeGradients(x, y);
        if (!trainer.LossOf(x, y).Equals(exact.Loss))
            throw new InvalidOperationException(
                "Two passes over the same batch give different losses: a layer draws random numbers (Dropout). Check the gradients of the model without it.");
        var random = new Random(options.Seed);
        var state = copy.GetState();
        ParameterCheck[] checks = [.. exact.Names.Select(name => trainer.CheckParameter(name, state[name], exact[name].ToDoubles(), x, y, options, random))];
        return new(checks);
    }

    private ParameterCheck CheckParameter(
        string name, TensorData start, double[] exact, TensorData[] x, TensorData[] y, GradientCheckOptions options, Random random)
    {
        var values = start.ToDoubles();
        var elements = Drawn(values.Length, options.SamplesPerParameter, random);
        var worst = new ParameterCheck(name, elements.Length, -1, 0, 0, 0, true);
        var passed = true;
        foreach (var i in elements)
        {
            var value = values[i];
            var step = options.Step * Math.Max(1, Math.Abs(value));
            var numerical = (LossAt(value + step) - LossAt(value - step)) / (2 * step);
            values[i] = value;
            var error = Math.Abs(numerical - exact[i]);
            var allowed = options.AbsoluteTolerance + (options.RelativeTolerance * Math.Max(Math.Abs(numerical), Math.Abs(exact[i])));
            // What is no number never agrees.
            var agrees = error <= allowed;
            // The element that is named is one that does not agree, where there is one.
            if ((passed && !agrees) || (agrees == passed && error > worst.MaxError))
                worst = worst with { MaxError = error, WorstElement = i, Exact = exact[i], Numerical = numerical };
            passed &= agrees;

            double LossAt(double moved)
            {
                values[i] = moved;
                Put();
                return LossOf(x, y);
            }
        }
        Put();
        return worst with { Passed = passed };

        void Put() => Model.SetState(new Dictionary<string, TensorData> { [name] = new(new TensorView(values, start.Shape)) }, strict: false);
    }

    /// <summary>The loss in training mode.</summary>
    private double LossOf(TensorData[] x, TensorData[] y)
    {
        using var pass = ComputeGradients(x, y);
        return pass.Loss;
    }

    private static int[] Drawn(int count, int most, Random random)
    {
        int[] all = [.. Enumerable.Range(0, count)];
        if (count <= most)
            return all;
        for (var i = 0; i < most; i++)
        {
            var j = random.Next(i, count);
            (all[i], all[j]) = (all[j], all[i]);
        }
        return all.AsSpan(0, most).ToArray();
    }

    private static TensorData Widened(TensorData array)
        => Check.NotNull(array).DType == DType.Float32 ? new(new TensorView(array.ToDoubles(), array.Shape)) : array;
}
