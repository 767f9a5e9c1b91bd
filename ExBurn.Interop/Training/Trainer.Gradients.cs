using System.Runtime.CompilerServices;
using ExBurn.Native;

namespace ExBurn;

// TrainStep in two halves. Priority makes ComputeGradients(new(x, shape), new(y, shape)) mean views, not lists.
public sealed partial class Trainer
{
    /// <summary>
    /// The exact gradient of a batch's loss with respect to every parameter that trains: forward and backward in training mode, no parameter is
    /// changed. With <see cref="ApplyGradients"/> after it, it does bit for bit what <see cref="TrainStep(TensorView, TensorView, in StepOptions)"/>
    /// does. Dropout draws a new mask at each call, as at each step.
    /// </summary>
    /// <param name="inputs">The batch's inputs.</param>
    /// <param name="targets">The batch's targets.</param>
    /// <param name="options">What happens to running statistics, and to a loss that is not finite.</param>
    /// <returns>Loss, metrics and gradients. Dispose them.</returns>
    /// <exception cref="InvalidOperationException">The model is not compiled.</exception>
    /// <exception cref="ArgumentException">All parameters are frozen.</exception>
    /// <exception cref="ShapeMismatchException">Data and model do not fit; the exception names the layer.</exception>
    /// <exception cref="NumericalException">The loss is not finite.</exception>
    [OverloadResolutionPriority(1)]
    public Gradients ComputeGradients(TensorView inputs, TensorView targets, in GradientOptions options = default)
        => ComputeGradients(new ArrayInputs(inputs.ToInput()), new ArrayInputs(targets.ToInput()), false, options);

    /// <summary>As <see cref="ComputeGradients(TensorView, TensorView, in GradientOptions)"/>, with a weight for each sample.</summary>
    /// <param name="inputs">The batch's inputs.</param>
    /// <param name="targets">The batch's targets.</param>
    /// <param name="sampleWeights">One number of at least 0 per row.</param>
    /// <param name="options">What happens to running statistics, and to a loss that is not finite.</param>
    [OverloadResolutionPriority(1)]
    public Gradients ComputeGradients(
        TensorView inputs, TensorView targets, TensorView sampleWeights, in GradientOptions options = default)
        => ComputeGradients(new ArrayInputs(inputs.ToInput()), new ArrayInputs(targets.ToInput(), sampleWeights.ToInput()), true, options);

    /// <summary>As <see cref="ComputeGradients(TensorView, TensorView, in GradientOptions)"/>, for several inputs or targets.</summary>
    /// <param name="inputs">One array per input of the model.</param>
    /// <param name="targets">One array per target of the loss.</param>
    /// <param name="options">What happens to running statistics, and to a loss that is not finite.</param>
    /// <param name="sampleWeights">One number of at least 0 per row; null weighs rows alike.</param>
    public Gradients ComputeGradients(
        IReadOnlyList<TensorData> inputs, IReadOnlyList<TensorData> targets, in GradientOptions options = default, TensorData? sampleWeights = null)
        => ComputeGradients(Inference.Inputs(inputs, nameof(inputs)), WithWeights(targets, sampleWeights), sampleWeights is not null, options);

    /// <summary>
    /// Clips, then lets the optimizer change the parameters by gradients that were computed, scaled, replaced or added up before. The gradients stay
    /// as they are; clipping here works on a copy. Parameters that have none, or are frozen by now, are left wholly alone.
    /// </summary>
    /// <param name="gradients">Gradients of this model or of a clone of it.</param>
    /// <param name="options">Clipping.</param>
    /// <returns>The global norm of the gradients before clipping; NaN where <see cref="StepOptions.ClipNorm"/> is not set.</returns>
    /// <exception cref="ArgumentException">The gradients belong to another model, or to this one before it was built anew.</exception>
    /// <exception cref="NumericalException">The norm is not finite; nothing was changed.</exception>
    public double ApplyGradients(Gradients gradients, in StepOptions options = default)
    {
        var state = Model.RequireTraining();
        using var claim = Model.ClaimTraining();
        var handle = Check.NotNull(gradients, nameof(gradients)).Handle;
        var native = NativeOptions(state, options with { Precision = Precision.Float32, LossScaling = null });
        return BurnBridge.ApplyGradients(handle, Model.Handle, native, state.LearningRate);
    }

    private Gradients ComputeGradients(in ArrayInputs inputs, in ArrayInputs targets, bool weighted, in GradientOptions options)
    {
        var state = Model.RequireTraining();
        var names = state.MetricNames;
        Span<double> metrics = names.Length <= StackMetrics ? stackalloc double[StackMetrics] : new double[names.Length];
        metrics = metrics.Slice(0, names.Length);
        var native = NativeOptions(state, new() { AllowNaN = options.AllowNaN, GradientCheckpointSegments = options.GradientCheckpointSegments });
        native.Precision = options.Precision;
        native.LossScale = options.Scaler?.CurrentScale ?? 1;
        native.InputGradients = options.InputsOnly ? InputGradients.Only : options.IncludeInputs ? InputGradients.Added : InputGradients.None;
        var handle = BurnBridge.ComputeGradients(Model.Handle, inputs, targets, native, weighted, options.UpdateBuffers, metrics, out var result);
        return new(handle, Model.InputNames, ToStep(result, new(names, metrics)));
    }
}
