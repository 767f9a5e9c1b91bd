namespace ExBurn;

/// <summary>A report from inside an epoch, made after a batch.</summary>
public readonly record struct BatchResult
{
    /// <summary>Number of the epoch, from 1.</summary>
    public int Epoch { get; init; }

    /// <summary>Number of the batch, from 1.</summary>
    public long Batch { get; init; }

    /// <summary>Batches in the epoch; 0 while the end of a stream is not known.</summary>
    public long Batches { get; init; }

    /// <summary>Rows trained on in this epoch so far.</summary>
    public long Samples { get; init; }

    /// <summary>Rows in the epoch; 0 while the end of a stream is not known.</summary>
    public long SamplesTotal { get; init; }

    /// <summary>Loss of this batch.</summary>
    public double Loss { get; init; }

    /// <summary>Loss of the epoch so far, weighted by rows.</summary>
    public double MeanLoss { get; init; }

    /// <summary>Metrics of the epoch so far.</summary>
    public MetricValues Metrics { get; init; }

    /// <summary>Learning rate of the step.</summary>
    public double LearningRate { get; init; }

    /// <summary>Rows per second in this epoch.</summary>
    public double SamplesPerSecond { get; init; }

    /// <summary>Steps of this epoch that were left out because a gradient was not finite; 0 without loss scaling.</summary>
    public long SkippedSteps { get; init; }

    /// <summary>What the next step's loss is multiplied by; NaN without loss scaling.</summary>
    public double LossScale { get; init; }
    /// <summary>
    /// Norm of all gradients of the step that this batch completed, before clipping; NaN where it completed none (<see cref="FitOptions.AccumulationSteps"/>), or
    /// where neither <see cref="FitOptions.ClipNorm"/> nor <see cref="Callback.WatchesGradients"/> asked for it.
    /// </summary>
    public double GradientNorm { get; init; }

    /// <summary>That of each parameter; empty unless <see cref="Callback.WatchesGradients"/> asked for it and the batch completed a step.</summary>
    public ParameterNorms ParameterNorms { get; init; }
}

/// <summary>Result of one <see cref="Trainer.TrainStep(TensorView, TensorView, in StepOptions)"/> or
/// <see cref="Trainer.EvaluateStep(TensorView, TensorView)"/>.</summary>
public readonly record struct StepResult
{
    /// <summary>Loss of the batch, before the step.</summary>
    public double Loss { get; init; }

    /// <summary>Metrics of the batch.</summary>
    public MetricValues Metrics { get; init; }

    /// <summary>Rows of the batch.</summary>
    public long Samples { get; init; }

    /// <summary>Global norm of the gradients before clipping; NaN where it was not computed (neither clipping by norm nor <see cref="StepOptions.MeasureGradients"/>, or no training).</summary>
    public double GradientNorm { get; init; }

    /// <summary>Whether the step was left out because a gradient was not finite; only with loss scaling.</summary>
    public bool IsSkipped { get; init; }

    /// <summary>What the next step's loss is multiplied by; NaN without loss scaling.</summary>
    public double LossScale { get; init; }
}

/// <summary>Loss and metrics over a dataset, with the model as it predicts.</summary>
public sealed record Evaluation
{
    /// <summary>Loss, weighted by rows.</summary>
    public double Loss { get; init; }

    /// <summary>Metrics over all rows.</summary>
    public MetricValues Metrics { get; init; }

    /// <summary>Number of rows.</summary>
    public long Samples { get; init; }

    /// <summary>Time that the evaluation took.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>The metric <c>accuracy</c>, from 0 to 1.</summary>
    /// <exception cref="KeyNotFoundException">The model was compiled without it.</exception>
    public double Accuracy => Metrics["accuracy"];

    /// <summary>Reads as <c>loss 0.0812, accuracy 0.9754</c>.</summary>
    public override string ToString() => ResultText.Of(Loss, Metrics);
}

/// <summary>One epoch of a run.</summary>
public sealed record EpochResult
{
    /// <summary>Number of the epoch since the model was compiled, from 1.</summary>
    public int Epoch { get; init; }

    /// <summary>Loss over the epoch as it was trained, weighted by rows.</summary>
    public double Loss { get; init; }

    /// <summary>Metrics over the epoch, of the predictions made in training.</summary>
    public MetricValues Metrics { get; init; }

    /// <summary>Loss and metrics on the validation data after the epoch; null without validation data.</summary>
    public Evaluation? Validation { get; init; }

    /// <summary>Learning rate of the epoch; of its first step where a schedule moves per step.</summary>
    public double LearningRate { get; init; }

    /// <summary>Global norm of the last step's gradients before clipping; NaN where it was not computed.</summary>
    public double GradientNorm { get; init; }

    /// <summary>Rows trained on.</summary>
    public long Samples { get; init; }

    /// <summary>Optimizer steps made.</summary>
    public long Steps { get; init; }

    /// <summary>Steps that were left out because a gradient was not finite; 0 without loss scaling.</summary>
    public long SkippedSteps { get; init; }

    /// <summary>What the loss is multiplied by after the epoch; NaN without loss scaling.</summary>
    public double LossScale { get; init; } = double.NaN;

    /// <summary>Time that training took, without validation.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Rows per second.</summary>
    public double SamplesPerSecond => Duration > TimeSpan.Zero ? Samples / Duration.TotalSeconds : 0;

    /// <summary>Reads as <c>epoch 3: loss 0.1, accuracy 0.97, validation loss 0.12, accuracy 0.96</c>.</summary>
    public override string ToString()
        => $"epoch {Epoch}: {ResultText.Of(Loss, Metrics)}{(Validation is null ? "" : $", validation {Validation}")}";
}

/// <summary>How results read.</summary>
internal static class ResultText
{
    public static string Of(double loss, MetricValues metrics)
        => FormattableString.Invariant($"loss {loss:0.####}") + (metrics.Count == 0 ? "" : $", {metrics}");
}
