namespace ExBurn;

/// <summary>How a compiled model learns, and how far it is.</summary>
internal sealed class TrainingState(Loss loss, Optimizer optimizer, IReadOnlyList<Metric> metrics)
{
    public Loss Loss { get; } = loss;

    public Optimizer Optimizer { get; } = optimizer;

    public IReadOnlyList<Metric> Metrics { get; } = metrics;

    /// <summary>Names of the metrics' values, in the order of the native ones.</summary>
    public string[] MetricNames { get; } = [.. metrics.SelectMany(metric => metric.ValueNames)];

    /// <summary>The rate of the next step.</summary>
    public double LearningRate { get; set; } = optimizer.LearningRate;

    /// <summary>The schedule of the last run, where it is; null when it had none.</summary>
    public ScheduleStepper? Schedule { get; set; }

    /// <summary>Epochs finished since the model was compiled: a further Fit continues the sequence of shuffles.</summary>
    public int Epochs { get; set; }

    /// <summary>A copy for a copy of the model; fresh without the optimizer's state.</summary>
    public TrainingState Copy(bool withOptimizer)
    {
        var copy = new TrainingState(Loss, Optimizer, Metrics);
        if (!withOptimizer)
            return copy;
        (copy.LearningRate, copy.Epochs) = (LearningRate, Epochs);
        if (Schedule is { } stepper)
        {
            var saved = stepper.Save();
            copy.Schedule = new(stepper.Schedule, stepper.BaseRate, saved.Length);
            copy.Schedule.Restore(saved);
        }
        return copy;
    }
}
