using System.Runtime.CompilerServices;
using ExBurn.Native;

namespace ExBurn;

// The manual loop. Priority makes TrainStep(new(x, shape), new(y, shape)) mean views, not lists.
public sealed partial class Trainer
{
    /// <summary>Up to this many metrics a step allocates nothing managed.</summary>
    private const int StackMetrics = 16;

    /// <summary>One step on one batch: forward, loss, backward, clipping, optimizer. For loops of one's own, as fast as Fit.</summary>
    /// <param name="inputs">The batch's inputs.</param>
    /// <param name="targets">The batch's targets.</param>
    /// <param name="options">Clipping.</param>
    /// <exception cref="InvalidOperationException">The model is not compiled.</exception>
    /// <exception cref="ShapeMismatchException">Data and model do not fit; the exception names the layer.</exception>
    /// <exception cref="NumericalException">The loss is not finite; the step was not made.</exception>
    [OverloadResolutionPriority(1)]
    public StepResult TrainStep(TensorView inputs, TensorView targets, in StepOptions options = default)
        => TrainStep(new ArrayInputs(inputs.ToInput()), new ArrayInputs(targets.ToInput()), false, options);

    /// <summary>As <see cref="TrainStep(TensorView, TensorView, in StepOptions)"/>, with a weight for each sample.</summary>
    /// <param name="inputs">The batch's inputs.</param>
    /// <param name="targets">The batch's targets.</param>
    /// <param name="sampleWeights">One number of at least 0 per row: a row's loss counts so many times, in a mean divided by the sum of the weights.</param>
    /// <param name="options">Clipping.</param>
    [OverloadResolutionPriority(1)]
    public StepResult TrainStep(TensorView inputs, TensorView targets, TensorView sampleWeights, in StepOptions options = default)
        => TrainStep(new ArrayInputs(inputs.ToInput()), new ArrayInputs(targets.ToInput(), sampleWeights.ToInput()), true, options);

    /// <summary>As <see cref="TrainStep(TensorView, TensorView, in StepOptions)"/>, for several inputs or targets.</summary>
    /// <param name="inputs">One array per input of the model.</param>
    /// <param name="targets">One array per target of the loss.</param>
    /// <param name="options">Clipping.</param>
    /// <param name="sampleWeights">One number of at least 0 per row; null weighs rows alike.</param>
    public StepResult TrainStep(IReadOnlyList<TensorData> inputs, IReadOnlyList<TensorData> targets, in StepOptions options = default, TensorData? sampleWeights = null)
        => TrainStep(Inference.Inputs(inputs, nameof(inputs)), WithWeights(targets, sampleWeights), sampleWeights is not null, options);

    /// <summary>Loss and metrics of one batch; the model is not changed.</summary>
    /// <param name="inputs">The batch's inputs.</param>
    /// <param name="targets">The batch's targets.</param>
    /// <exception cref="InvalidOperationException">The model is not compiled.</exception>
    /// <exception cref="ShapeMismatchException">Data and model do not fit; the exception names the layer.</exception>
    [OverloadResolutionPriority(1)]
    public StepResult EvaluateStep(TensorView inputs, TensorView targets)
        => EvaluateStep(new ArrayInputs(inputs.ToInput()), new ArrayInputs(targets.ToInput()), false);

    /// <summary>As <see cref="EvaluateStep(TensorView, TensorView)"/>, with a weight for each sample in the loss; metrics weigh samples alike.</summary>
    /// <param name="inputs">The batch's inputs.</param>
    /// <param name="targets">The batch's targets.</param>
    /// <param name="sampleWeights">One number of at least 0 per row.</param>
    [OverloadResolutionPriority(1)]
    public StepResult EvaluateStep(TensorView inputs, TensorView targets, TensorView sampleWeights)
        => EvaluateStep(new ArrayInputs(inputs.ToInput()), new ArrayInputs(targets.ToInput(), sampleWeights.ToInput()), true);

    /// <summary>As <see cref="EvaluateStep(TensorView, TensorView)"/>, for several inputs or targets.</summary>
    /// <param name="inputs">One array per input of the model.</param>
    /// <param name="targets">One array per target of the loss.</param>
    /// <param name="sampleWeights">One number of at least 0 per row; null weighs rows alike.</param>
    public StepResult EvaluateStep(IReadOnlyList<TensorData> inputs, IReadOnlyList<TensorData> targets, TensorData? sampleWeights = null)
        => EvaluateStep(Inference.Inputs(inputs, nameof(inputs)), WithWeights(targets, sampleWeights), sampleWeights is not null);

    private static ArrayInputs WithWeights(IReadOnlyList<TensorData> targets, TensorData? sampleWeights)
    {
        var arrays = Inference.Inputs(targets, nameof(targets));
        if (sampleWeights is not null)
            arrays.Add(sampleWeights.View.ToInput());
        return arrays;
    }

    private StepResult TrainStep(in ArrayInputs inputs, in ArrayInputs targets, bool weighted, in StepOptions options)
    {
        var state = Model.RequireTraining();
        var names = state.MetricNames;
        Span<double> metrics = names.Length <= StackMetrics ? stackalloc double[StackMetrics] : new double[names.Length];
        metrics = metrics.Slice(0, names.Length);
        using var claim = Model.ClaimTraining();
        var result = BurnBridge.TrainStep(Model.Handle, inputs, targets, weighted, NativeOptions(state, options), state.LearningRate, metrics);
        return ToStep(result, new(names, metrics));
    }

    private StepResult EvaluateStep(in ArrayInputs inputs, in ArrayInputs targets, bool weighted)
    {
        var names = Model.RequireTraining().MetricNames;
        Span<double> metrics = names.Length <= StackMetrics ? stackalloc double[StackMetrics] : new double[names.Length];
        metrics = metrics.Slice(0, names.Length);
        var result = BurnBridge.EvaluateStep(Model.Handle, inputs, targets, weighted, metrics);
        return ToStep(result, new(names, metrics));
    }

    private TrainOptionsNative NativeOptions(TrainingState state, in StepOptions options) => new()
    {
        CheckFinite = !options.AllowNaN,
        Epoch = (ulong)state.Epochs,
        Seed = unchecked((ulong)Model.Seed),
        ClipNorm = options.ClipNorm ?? 0,
        ClipValue = options.ClipValue ?? 0,
        Precision = options.Precision,
        Scaling = options.LossScaling is { IsEnabled: true } scaling ? scaling : null,
        Segments = (ulong)(options.GradientCheckpointSegments ?? 1),
        WatchGradients = options.MeasureGradients,
    };

    private static StepResult ToStep(RunResultNative result, MetricValues metrics) => new()
    {
        Loss = result.Loss,
        Metrics = metrics,
        Samples = (long)result.Samples,
        GradientNorm = result.GradNorm,
        IsSkipped = result.Skipped > 0,
        LossScale = result.LossScale,
    };
}
