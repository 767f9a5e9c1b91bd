namespace ExBurn;

/// <summary>
/// Adafactor (Shazeer and Stern, 2018), as PyTorch has it: of a matrix only the mean squares of rows and columns are kept. The
/// learning rate is the largest relative step.
/// </summary>
/// <param name="LearningRate">Learning rate. Default 1e-2.</param>
public sealed record Adafactor(double LearningRate = 1e-2) : Optimizer(LearningRate)
{
    /// <summary>Power of the step number that new squares enter with, at most 0. Default -0.8.</summary>
    public double Beta2Decay
    {
        get;
        init => field = value <= 0 && !double.IsInfinity(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Beta2Decay), value, "Beta2Decay must be at most 0.");
    } = -0.8;

    /// <summary>Least root of the second moment; null is the type's epsilon. Default null.</summary>
    public double? Eps1 { get; init => field = value is null ? null : Check.NonNegative(value.Value); }

    /// <summary>Least root mean square of a parameter that its step is scaled by. Default 1e-3.</summary>
    public double Eps2 { get; init => field = Check.NonNegative(value); } = 1e-3;

    /// <summary>Root mean square above which an update is clipped, at least 1. Default 1.</summary>
    public double ClippingThreshold
    {
        get;
        init => field = value >= 1 && !double.IsInfinity(value)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(ClippingThreshold), value, "ClippingThreshold must be at least 1.");
    } = 1;

    /// <summary>Share of the parameter taken away per step, times the learning rate. Default 0.</summary>
    public double WeightDecay { get; init => field = Check.NonNegative(value); }

    /// <summary>Makes the loss large instead of small. Default false.</summary>
    public bool Maximize { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config
            .Add("beta2_decay", Beta2Decay)
            .AddPair("eps", Eps1, Eps2)
            .Add("d", ClippingThreshold)
            .Add("weight_decay", WeightDecay)
            .Add("maximize", Maximize);
    }
}
