namespace ExBurn;

/// <summary>
/// Lion (Chen et al., 2023): p ← p · (1 − lr·decay) − lr · sign(β₁·m + (1 − β₁)·g), m the mean of gradients with decay rate β₂.
/// </summary>
/// <param name="LearningRate">Learning rate. Default 1e-4.</param>
public sealed record Lion(double LearningRate = 1e-4) : Optimizer(LearningRate)
{
    /// <summary>Share of the mean in the direction and decay rate of the mean, at least 0 and below 1. Default (0.9, 0.99).</summary>
    public (double First, double Second) Betas { get; init => field = Check.Betas(value); } = (0.9, 0.99);

    /// <summary>Share of the parameter taken away per step, times the learning rate. Default 0.</summary>
    public double WeightDecay { get; init => field = Check.NonNegative(value); }

    /// <summary>Makes the loss large instead of small. Default false.</summary>
    public bool Maximize { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config
            .Add("betas", Betas)
            .Add("weight_decay", WeightDecay)
            .Add("maximize", Maximize);
    }
}
