namespace ExBurn;

/// <summary>
/// Averaged stochastic gradient descent (Polyak and Juditsky, 1992), as PyTorch has it: the average is part of the state, the
/// parameters themselves are not averaged.
/// </summary>
/// <param name="LearningRate">Learning rate. Default 1e-2.</param>
public sealed record ASGD(double LearningRate = 1e-2) : Optimizer(LearningRate)
{
    /// <summary>Decay of the parameters. Default 1e-4.</summary>
    public double Lambda { get; init => field = Check.Finite(value); } = 1e-4;

    /// <summary>Power of the rate's fall. Default 0.75.</summary>
    public double Alpha { get; init => field = Check.Finite(value); } = 0.75;

    /// <summary>Step at which averaging starts. Default 1e6.</summary>
    public double T0 { get; init => field = Check.Finite(value); } = 1e6;

    /// <summary>L2 penalty, added to the gradient. Default 0.</summary>
    public double WeightDecay { get; init => field = Check.NonNegative(value); }

    /// <summary>Makes the loss large instead of small. Default false.</summary>
    public bool Maximize { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config
            .Add("lambd", Lambda)
            .Add("alpha", Alpha)
            .Add("t0", T0)
            .Add("weight_decay", WeightDecay)
            .Add("maximize", Maximize);
    }
}
