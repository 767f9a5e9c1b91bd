namespace ExBurn;

/// <summary>The number that a callback watches from epoch to epoch.</summary>
public sealed record Monitored
{
    private Monitored(bool onValidation, string? metric, bool higherIsBetter)
    {
        OnValidation = onValidation;
        MetricName = metric;
        HigherIsBetter = higherIsBetter;
    }

    /// <summary>The loss in training.</summary>
    public static Monitored Loss { get; } = new(false, null, false);

    /// <summary>The loss on the validation data.</summary>
    public static Monitored ValidationLoss { get; } = new(true, null, false);

    /// <summary>A metric in training.</summary>
    public static Monitored Metric(Metric metric) => new(false, Check.NotNull(metric, nameof(metric)).Name, metric.HigherIsBetter);

    /// <summary>A metric on the validation data.</summary>
    public static Monitored ValidationMetric(Metric metric) => new(true, Check.NotNull(metric, nameof(metric)).Name, metric.HigherIsBetter);

    /// <summary>Whether it is measured on the validation data.</summary>
    public bool OnValidation { get; }

    /// <summary>Name of the metric; null for the loss.</summary>
    public string? MetricName { get; }

    /// <summary>Whether a larger value is a better one. Default: as the metric says; false for losses.</summary>
    public bool HigherIsBetter { get; init; }

    /// <summary>Reads as <c>validation loss</c> or <c>accuracy</c>.</summary>
    public override string ToString() => (OnValidation ? "validation " : "") + (MetricName ?? "loss");

    /// <summary>The number of an epoch.</summary>
    internal double Read(EpochResult epoch)
    {
        var validation = epoch.Validation;
        if (MetricName is null)
            return OnValidation ? validation?.Loss ?? double.NaN : epoch.Loss;
        return OnValidation ? validation?.Metrics[MetricName] ?? double.NaN : epoch.Metrics[MetricName];
    }

    /// <summary>An error when the run will never have the number.</summary>
    internal void CheckAvailable(TrainingContext context)
    {
        if (OnValidation && !context.Options.Validates)
            throw new InvalidOperationException($"'{this}' needs FitOptions.Validation, ValidationStream or ValidationSplit; without it watch Monitored.Loss.");
        if (MetricName is { } name && !context.Model.Metrics.Any(metric => metric.Name == name))
            throw new InvalidOperationException($"'{this}' needs the metric '{name}' at Compile.");
    }
}
