namespace ExBurn;

/// <summary>
/// RMSprop (Hinton, 2012): p ← p − lr · g / (√s + eps), s the mean of squared gradients; with momentum and centered (Graves, 2013) on wish.
/// </summary>
/// <param name="LearningRate">Learning rate. Default 1e-2.</param>
public sealed record RMSprop(double LearningRate = 1e-2) : Optimizer(LearningRate)
{
    /// <summary>Decay rate of the mean of squares. Default 0.99.</summary>
    public double Alpha { get; init => field = Check.NonNegative(value); } = 0.99;

    /// <summary>Added to the denominator. Default 1e-8.</summary>
    public double Eps { get; init => field = Check.NonNegative(value); } = 1e-8;

    /// <summary>L2 penalty, added to the gradient. Default 0.</summary>
    public double WeightDecay { get; init => field = Check.NonNegative(value); }

    /// <summary>Share of the last step that is kept. Default 0.</summary>
    public double Momentum { get; init => field = Check.NonNegative(value); }

    /// <summary>Divides by an estimate of the variance instead of the mean of squares. Default false.</summary>
    public bool Centered { get; init; }

    /// <summary>Makes the loss large instead of small. Default false.</summary>
    public bool Maximize { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config
            .Add("alpha", Alpha)
            .Add("eps", Eps)
            .Add("weight_decay", WeightDecay)
            .Add("momentum", Momentum)
            .Add("centered", Centered)
            .Add("maximize", Maximize);
    }
}
