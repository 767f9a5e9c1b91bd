namespace ExBurn;

/// <summary>What makes probabilities of a prediction before its overlap is measured.</summary>
public enum DiceActivation
{
    /// <summary>Nothing: it is probabilities.</summary>
    None,

    /// <summary>The logistic function, for each element.</summary>
    Sigmoid,

    /// <summary>Softmax over the channels, the second dimension.</summary>
    Softmax,
}

public abstract partial record Loss
{
    /// <inheritdoc cref="DiceLoss"/>
    /// <param name="activation">What makes probabilities of the prediction. Default: nothing, it is probabilities.</param>
    public static DiceLoss Dice(DiceActivation activation = DiceActivation.None) => new() { Activation = activation };
}

/// <summary>
/// 1 − (2 Σ p t + smooth) / (Σ p + Σ t + smooth), the overlap of regions, summed over the positions of each sample [N, D] or of each
/// channel [N, C, ...]. Targets are 0 to 1, of the prediction's shape.
/// </summary>
public sealed record DiceLoss : Loss
{
    /// <summary>What makes probabilities of the prediction. Default: nothing, it is probabilities.</summary>
    public DiceActivation Activation { get; init; }

    /// <summary>Added above and below the fraction. Default 1.</summary>
    public double Smooth { get; init => field = Check.NonNegative(value); } = 1;

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config
            .Add("activation", Activation switch
            {
                DiceActivation.Sigmoid => "sigmoid",
                DiceActivation.Softmax => "softmax",
                _ => "none",
            })
            .Add("smooth", Smooth);
    }
}
