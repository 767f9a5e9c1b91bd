namespace ExBurn;

/// <summary>
/// Adam with decoupled decay (Loshchilov and Hutter, 2019): p ← p · (1 − lr·decay), then Adam's step without decay.
/// </summary>
/// <param name="LearningRate">Learning rate. Default 1e-3.</param>
public sealed record AdamW(double LearningRate = 1e-3) : Optimizer(LearningRate)
{
    /// <summary>Decay rates of the first and second moment, at least 0 and below 1. Default (0.9, 0.999).</summary>
    public (double First, double Second) Betas { get; init => field = Check.Betas(value); } = (0.9, 0.999);

    /// <summary>Added to the denominator. Default 1e-8.</summary>
    public double Eps { get; init => field = Check.NonNegative(value); } = 1e-8;

    /// <summary>Share of the parameter taken away per step, times the learning rate. Default 0.01.</summary>
    public double WeightDecay { get; init => field = Check.NonNegative(value); } = 0.01;

    /// <summary>Divides by the largest second moment so far. Default false.</summary>
    public bool AmsGrad { get; init; }

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
            .Add("maximize", Maximize);
    }
}
