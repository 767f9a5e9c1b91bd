namespace ExBurn;

/// <summary>
/// Adamax (Kingma and Ba, 2015): Adam with the largest gradient, slowly forgotten, in place of the second moment.
/// </summary>
/// <param name="LearningRate">Learning rate. Default 2e-3.</param>
public sealed record Adamax(double LearningRate = 2e-3) : Optimizer(LearningRate)
{
    /// <summary>Decay rates of the first and second moment, at least 0 and below 1. Default (0.9, 0.999).</summary>
    public (double First, double Second) Betas { get; init => field = Check.Betas(value); } = (0.9, 0.999);

    /// <summary>Added to the gradient's size. Default 1e-8.</summary>
    public double Eps { get; init => field = Check.NonNegative(value); } = 1e-8;

    /// <summary>L2 penalty, added to the gradient. Default 0.</summary>
    public double WeightDecay { get; init => field = Check.NonNegative(value); }

    /// <summary>Makes the loss large instead of small. Default false.</summary>
    public bool Maximize { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config
            .Add("betas", Betas)
            .Add("eps", Eps)
            .Add("weight_decay", WeightDecay)
            .Add("maximize", Maximize);
    }
}
