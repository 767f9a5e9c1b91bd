namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="MarginRankingLoss"/>
    /// <param name="margin">How far apart the scores should be. Default 0.</param>
    public static MarginRankingLoss MarginRanking(double margin = 0) => new() { Margin = margin };
}

/// <summary>
/// max(0, −y (x − other) + margin) of scores. Two targets of the prediction's shape: the other scores, and y: 1 where the prediction should
/// be larger, −1 where smaller.
/// </summary>
public sealed record MarginRankingLoss : Loss
{
    /// <summary>How far apart the scores should be. Default 0.</summary>
    public double Margin { get; init => field = Check.Finite(value); }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config.Add("margin", Margin);
    }
}
