namespace ExBurn;

/// <summary>
/// Adadelta (Zeiler, 2012): p ← p − lr · √(d + eps) / √(s + eps) · g, s and d the means of squared gradients and steps.
/// </summary>
/// <param name="LearningRate">Learning rate. Default 1.</param>
public sealed record Adadelta(double LearningRate = 1.0) : Optimizer(LearningRate)
{
    /// <summary>Decay rate of both means, from 0 to 1. Default 0.9.</summary>
    public double Rho { get; init => field = Check.Probability(value); } = 0.9;

    /// <summary>Added under the roots. Default 1e-6.</summary>
    public double Eps { get; init => field = Check.NonNegative(value); } = 1e-6;

    /// <summary>L2 penalty, added to the gradient. Default 0.</summary>
    public double WeightDecay { get; init => field = Check.NonNegative(value); }

    /// <summary>Makes the loss large instead of small. Default false.</summary>
    public bool Maximize { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config
            .Add("rho", Rho)
            .Add("eps", Eps)
            .Add("weight_decay", WeightDecay)
            .Add("maximize", Maximize);
    }
}
