namespace ExBurn;

/// <summary>
/// Stochastic gradient descent: v ← momentum·v + (1 − dampening)·g, p ← p − lr·v (Nesterov: p − lr·(g + momentum·v)), g with decay·p added.
/// </summary>
/// <param name="LearningRate">Learning rate. Default 1e-3.</param>
public sealed record SGD(double LearningRate = 1e-3) : Optimizer(LearningRate)
{
    /// <summary>Share of the last step's velocity that is kept. Default 0.</summary>
    public double Momentum { get; init => field = Check.NonNegative(value); }

    /// <summary>Share of the gradient that does not enter the velocity. Default 0.</summary>
    public double Dampening { get; init => field = Check.Finite(value); }

    /// <summary>L2 penalty, added to the gradient. Default 0.</summary>
    public double WeightDecay { get; init => field = Check.NonNegative(value); }

    /// <summary>Nesterov's form; needs momentum above 0 and no dampening. Default false.</summary>
    public bool Nesterov { get; init; }

    /// <summary>Makes the loss large instead of small. Default false.</summary>
    public bool Maximize { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config
            .Add("momentum", Momentum)
            .Add("dampening", Dampening)
            .Add("weight_decay", WeightDecay)
            .Add("nesterov", Nesterov)
            .Add("maximize", Maximize);
    }
}
