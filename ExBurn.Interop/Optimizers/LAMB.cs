namespace ExBurn;

/// <summary>
/// LAMB (You et al., 2020): Adam's direction, with decay·p added, scaled to lr · ‖p‖ for each parameter.
/// </summary>
/// <param name="LearningRate">Learning rate. Default 1e-3.</param>
public sealed record LAMB(double LearningRate = 1e-3) : Optimizer(LearningRate)
{
    /// <summary>Decay rates of the first and second moment, at least 0 and below 1. Default (0.9, 0.999).</summary>
    public (double First, double Second) Betas { get; init => field = Check.Betas(value); } = (0.9, 0.999);

    /// <summary>Added to the denominator. Default 1e-6.</summary>
    public double Eps { get; init => field = Check.NonNegative(value); } = 1e-6;

    /// <summary>Share of the parameter in its direction. Default 0.</summary>
    public double WeightDecay { get; init => field = Check.NonNegative(value); }

    /// <summary>Largest ratio of the parameter's norm to the direction's. Default: no limit.</summary>
    public double? MaxTrustRatio { get; init => field = Check.Positive(value); }

    /// <summary>Makes the loss large instead of small. Default false.</summary>
    public bool Maximize { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config
            .Add("betas", Betas)
            .Add("eps", Eps)
            .Add("weight_decay", WeightDecay)
            .Add("max_trust_ratio", MaxTrustRatio)
            .Add("maximize", Maximize);
    }
}
