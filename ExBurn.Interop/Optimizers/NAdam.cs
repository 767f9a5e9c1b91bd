namespace ExBurn;

/// <summary>
/// NAdam (Dozat, 2016): Adam with Nesterov's momentum, which grows towards the first decay rate.
/// </summary>
/// <param name="LearningRate">Learning rate. Default 2e-3.</param>
public sealed record NAdam(double LearningRate = 2e-3) : Optimizer(LearningRate)
{
    /// <summary>Decay rates of the first and second moment, at least 0 and below 1. Default (0.9, 0.999).</summary>
    public (double First, double Second) Betas { get; init => field = Check.Betas(value); } = (0.9, 0.999);

    /// <summary>Added to the denominator. Default 1e-8.</summary>
    public double Eps { get; init => field = Check.NonNegative(value); } = 1e-8;

    /// <summary>Decay, see <see cref="DecoupledWeightDecay"/>. Default 0.</summary>
    public double WeightDecay { get; init => field = Check.NonNegative(value); }

    /// <summary>How fast the momentum grows. Default 4e-3.</summary>
    public double MomentumDecay { get; init => field = Check.NonNegative(value); } = 4e-3;

    /// <summary>Takes the decay from the parameter, as AdamW does, instead of adding it to the gradient. Default false.</summary>
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
            .Add("momentum_decay", MomentumDecay)
            .Add("decoupled_weight_decay", DecoupledWeightDecay)
            .Add("maximize", Maximize);
    }
}
