namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="SmoothL1Loss"/>
    /// <param name="beta">Where the parabola ends; 0 makes it <see cref="L1Loss"/>. Default 1.</param>
    public static SmoothL1Loss SmoothL1(double beta = 1) => new() { Beta = beta };
}

/// <summary>d² / (2 beta) where |d| is below beta, |d| − beta / 2 elsewhere, d the difference of prediction and target.</summary>
public sealed record SmoothL1Loss : Loss
{
    /// <summary>Where the parabola ends; 0 makes it <see cref="L1Loss"/>. Default 1.</summary>
    public double Beta { get; init => field = Check.NonNegative(value); } = 1;

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config.Add("beta", Beta);
    }
}
