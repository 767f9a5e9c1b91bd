namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="NLLLoss"/>
    /// <param name="weight">Weight of each class; null weighs them alike. Default null.</param>
    public static NLLLoss NegativeLogLikelihood(ValueArray<double>? weight = null) => new() { Weight = weight };
}

/// <summary>
/// Negative log-likelihood of log-probabilities [N, C] or [N, C, d1, ...], as log-softmax gives them, with class indices [N] or [N, d1,
/// ...].
/// </summary>
public sealed record NLLLoss : Loss
{
    /// <summary>Weight of each class; null weighs them alike. Default null.</summary>
    public ValueArray<double>? Weight { get; init; }

    /// <summary>A class index whose rows count for nothing. Default -100.</summary>
    public int IgnoreIndex { get; init; } = -100;

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config
            .Add("weight", Weight)
            .Add("ignore_index", IgnoreIndex);
    }
}
