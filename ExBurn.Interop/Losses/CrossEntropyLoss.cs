namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="CrossEntropyLoss"/>
    /// <param name="labelSmoothing">Share of the target spread evenly over all classes, from 0 to 1.</param>
    /// <param name="weight">Weight of each class; null weighs them alike.</param>
    public static CrossEntropyLoss CrossEntropy(double labelSmoothing = 0, ValueArray<double>? weight = null)
        => new() { LabelSmoothing = labelSmoothing, Weight = weight };
}

/// <summary>
/// Cross-entropy of logits [N, C] or [N, C, d1, ...] with class indices (integers [N] or [N, d1, ...]) or with
/// probabilities (floats of the logits' shape). An index outside 0..C−1 that is not <see cref="IgnoreIndex"/> is an error.
/// </summary>
public sealed record CrossEntropyLoss : Loss
{
    /// <summary>Weight of each class; null weighs them alike. Default null.</summary>
    public ValueArray<double>? Weight { get; init; }

    /// <summary>Share of the target spread evenly over all classes, from 0 to 1. Default 0.</summary>
    public double LabelSmoothing { get; init => field = Check.Probability(value); }

    /// <summary>A class index whose rows count for nothing. Default -100.</summary>
    public int IgnoreIndex { get; init; } = -100;

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config
            .Add("weight", Weight)
            .Add("label_smoothing", LabelSmoothing)
            .Add("ignore_index", IgnoreIndex);
    }
}
