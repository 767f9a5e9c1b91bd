namespace ExBurn;

/// <summary>
/// Adagrad (Duchi, Hazan and Singer, 2011): p ← p − lr / (1 + (t − 1)·lr_decay) · g / (√s + eps), s the sum of squared gradients.
/// </summary>
/// <param name="LearningRate">Learning rate. Default 1e-2.</param>
public sealed record Adagrad(double LearningRate = 1e-2) : Optimizer(LearningRate)
{
    /// <summary>How the rate falls with the steps. Default 0.</summary>
    public double LearningRateDecay { get; init => field = Check.NonNegative(value); }

    /// <summary>L2 penalty, added to the gradient. Default 0.</summary>
    public double WeightDecay { get; init => field = Check.NonNegative(value); }

    /// <summary>Where the sum of squares starts. Default 0.</summary>
    public double InitialAccumulatorValue { get; init => field = Check.NonNegative(value); }

    /// <summary>Added to the denominator. Default 1e-10.</summary>
    public double Eps { get; init => field = Check.NonNegative(value); } = 1e-10;

    /// <summary>Makes the loss large instead of small. Default false.</summary>
    public bool Maximize { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config
            .Add("lr_decay", LearningRateDecay)
            .Add("weight_decay", WeightDecay)
            .Add("initial_accumulator_value", InitialAccumulatorValue)
            .Add("eps", Eps)
            .Add("maximize", Maximize);
    }
}
