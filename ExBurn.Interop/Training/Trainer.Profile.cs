using System.Runtime.CompilerServices;
using ExBurn.Native;

namespace ExBurn;

// Where time goes. Priority makes ProfileStep(new(x, shape), new(y, shape)) mean views, not lists.
public sealed partial class Trainer
{
    /// <summary>
    /// As <see cref="TrainStep(TensorView, TensorView, in StepOptions)"/>, a whole step with its effects, and how long its parts took. The device is
    /// waited for after each part; on a GPU that makes the whole a little slower than a plain step. The first steps of a model are slower than later
    /// ones: look at a later one.
    /// </summary>
    /// <param name="inputs">The batch's inputs.</param>
    /// <param name="targets">The batch's targets.</param>
    /// <param name="options">Clipping.</param>
    /// <exception cref="InvalidOperationException">The model is not compiled.</exception>
    /// <exception cref="ShapeMismatchException">Data and model do not fit; the exception names the layer.</exception>
    /// <exception cref="NumericalException">The loss is not finite; the step was not made.</exception>
    [OverloadResolutionPriority(1)]
    public StepProfile ProfileStep(TensorView inputs, TensorView targets, in StepOptions options = default)
        => ProfileStep(new ArrayInputs(inputs.ToInput()), new ArrayInputs(targets.ToInput()), options);

    /// <summary>As <see cref="ProfileStep(TensorView, TensorView, in StepOptions)"/>, for several inputs or targets.</summary>
    /// <param name="inputs">One array per input of the model.</param>
    /// <param name="targets">One array per target of the loss.</param>
    /// <param name="options">Clipping.</param>
    public StepProfile ProfileStep(IReadOnlyList<TensorData> inputs, IReadOnlyList<TensorData> targets, in StepOptions options = default)
        => ProfileStep(Inference.Inputs(inputs, nameof(inputs)), Inference.Inputs(targets, nameof(targets)), options);

    /// <summary>
    /// Times whole training steps, made on a clone of the model: the model itself is not changed.
    /// </summary>
    /// <param name="inputs">The batch that every run takes.</param>
    /// <param name="targets">Its targets.</param>
    /// <param name="options">How often; null for the defaults.</param>
    /// <inheritdoc cref="TrainStep(TensorView, TensorView, in StepOptions)" path="/exception"/>
    public BenchmarkResult Benchmark(TensorView inputs, TensorView targets, BenchmarkOptions? options = null)
    {
        Model.RequireTraining();
        using var copy = Model.Clone();
        var trainer = new Trainer(copy);
        var clock = new BenchmarkClock(options, inputs.Rows);
        while (clock.Next())
            trainer.TrainStep(inputs, targets);
        return clock.Result();
    }

    private StepProfile ProfileStep(in ArrayInputs inputs, in ArrayInputs targets, in StepOptions options)
    {
        var state = Model.RequireTraining();
        var names = state.MetricNames;
        Span<double> metrics = names.Length <= StackMetrics ? stackalloc double[StackMetrics] : new double[names.Length];
        metrics = metrics.Slice(0, names.Length);
        Span<double> seconds = stackalloc double[4];
        using var claim = Model.ClaimTraining();
        var result = BurnBridge.ProfileStep(
            Model.Handle, inputs, targets, NativeOptions(state, options), state.LearningRate, seconds, metrics);
        return new()
        {
            Data = BenchmarkResult.Span(seconds[0]),
            Forward = BenchmarkResult.Span(seconds[1]),
            Backward = BenchmarkResult.Span(seconds[2]),
            Optimizer = BenchmarkResult.Span(seconds[3]),
            Result = ToStep(result, new(names, metrics)),
        };
    }
}
