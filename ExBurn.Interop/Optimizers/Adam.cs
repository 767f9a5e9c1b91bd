namespace ExBurn;

/// <summary>
/// Adam (Kingma and Ba, 2015): p ← p − lr · m̂ / (√v̂ + eps) with bias-corrected moments; the decay is added to the gradient.
/// </summary>
/// <param name="LearningRate">Learning rate. Default 1e-3.</param>
public sealed record Adam(double LearningRate = 1e-3) : Optimizer(LearningRate)
{
    /// <summary>Decay rates of the first and second moment, at least 0 and below 1. Default (0.9, 0.999).</summary>
    public (double First, double Second) Betas { get; init => field = Check.Betas(value); } = (0.9, 0.999);

    /// <summary>Added to the denominator. Default 1e-8.</summary>
    public double Eps { get; init => field = Check.NonNegative(value); } = 1e-8;

    /// <summary>L2 penalty, added to the gradient. Default 0.</summary>
    public double WeightDecay { get; init => field = Check.NonNegative(value); }

    /// <summary>Divides by the largest second moment so far. Default false.</summary>
    public bool AmsGrad { get; init; }

    /// <summary>Takes the decay from the parameter, as <see cref="AdamW"/> does, instead of adding it to the gradient. Default false.</summary>
    public bool DecoupledWeightDecay { get; init; }

    /// <summary>Makes the loss large instead of small. Default false.</summary>
    public bool Maximize { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config
            .Add("betas", Betas)
            .Add("eps", Eps)
            .Add("weight_decay", WeightDecay)
            .Add("amsgrad", AmsGrad)
            .Add("decoupled_weight_decay", DecoupledWeightDecay)
            .Add("maximize", Maximize);
    }
}
