namespace ExBurn;

public abstract partial record Metric
{
    /// <inheritdoc cref="FBetaMetric"/>
    /// <param name="beta">How many times recall counts as much as precision.</param>
    /// <param name="average">How the scores of the classes become one.</param>
    public static FBetaMetric FBeta(double beta = 1, Average average = Average.Macro) => new() { Beta = beta, Average = average };
}

/// <summary>Weighted harmonic mean of precision and recall, from 0 to 1; with beta 1 the F1 score.</summary>
public sealed record FBetaMetric() : ClassificationMetric("f_beta")
{
    /// <summary>How many times recall counts as much as precision. Default 1.</summary>
    public double Beta { get; init => field = Check.NonNegative(value); } = 1;

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config.Add("beta", Beta);
    }
}
