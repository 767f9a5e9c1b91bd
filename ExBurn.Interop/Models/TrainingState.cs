namespace ExBurn;

/// <summary>How a compiled model learns, and how far it is.</summary>
internal sealed class TrainingState(IReadOnlyList<Loss> losses, Optimizer optimizer, IReadOnlyList<Metric> metrics, IReadOnlyList<string> outputs)
{
    public IReadOnlyList<Loss> Losses { get; } = losses;

    public Optimizer Optimizer { get; } = optimizer;

    public IReadOnlyList<Metric> Metrics { get; } = metrics;

    /// <summary>Names of the metrics' values, in the order of the native ones; after them, where there are several, the losses.</summary>
    public string[] MetricNames { get; } = [.. metrics.SelectMany(metric => metric.ValueNames), .. LossNames(losses, outputs)];

    /// <summary>The rate of the next step.</summary>
    public double LearningRate { get; set; } = optimizer.LearningRate;

    /// <summary>The schedule of the last run, where it is; null when it had none.</summary>
    public ScheduleStepper? Schedule { get; set; }

    /// <summary>Epochs finished since the model was compiled: a further Fit continues the sequence of shuffles.</summary>
    public int Epochs { get; set; }

    /// <summary>As <c>label_loss</c>; an output's second loss is <c>label_loss_2</c>.</summary>
    private static IEnumerable<string> LossNames(IReadOnlyList<Loss> losses, IReadOnlyList<string> outputs)
    {
        if (losses.Count == 1)
            yield break;
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < losses.Count; i++)
        {
            var name = (losses[i].Output ?? outputs[i]) + "_loss";
            seen[name] = seen.TryGetValue(name, out var count) ? ++count : count = 1;
            yield return count == 1 ? name : FormattableString.Invariant($"{name}_{count}");
        }
    }

    /// <summary>A copy for a copy of the model; fresh without the optimizer's state.</summary>
    public TrainingState Copy(bool withOptimizer)
    {
        var copy = new TrainingState(Losses, Optimizer, Metrics, outputs);
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
