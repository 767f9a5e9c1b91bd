namespace ExBurn;

/// <summary>
/// A number that judges predictions beside the loss, exact over an epoch. Made by the methods of this class, as <c>Metric.Accuracy()</c>.
/// </summary>
public abstract partial record Metric : Component
{
    private protected Metric(string name) => Name = name;

    /// <summary>Name under which results carry it; must be unique within a model. Default: the metric's own, as <c>accuracy</c>.</summary>
    public string Name { get; init => field = Check.NotNull(value); }

    /// <summary>Name of the model's output that is judged, for models with several. Default null: the first.</summary>
    public string? Output { get; init; }

    /// <summary>Positions of its targets among those of the data. Default null: those of the first loss of its output.</summary>
    public ValueArray<int>? Targets { get; init; }

    /// <summary>Whether a larger value is a better one.</summary>
    public virtual bool HigherIsBetter => true;

    /// <summary>Names of the values that the core gives, in its order: one, or more where a metric has a value per class or pair.</summary>
    internal virtual IEnumerable<string> ValueNames => [Name];

    // The core's name and "Metric".
    internal sealed override string TypeName => GetType().Name.Substring(0, GetType().Name.Length - "Metric".Length);
}
