namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="GaussianNLLLoss"/>
    /// <param name="full">Whether the constant log(2π) / 2 is added. Default no.</param>
    public static GaussianNLLLoss Gaussian(bool full = false) => new() { Full = full };
}

/// <summary>
/// Negative log-likelihood under normal distributions: (log v + (x − t)² / v) / 2. Two targets: t of the prediction's shape, and the
/// variances v of the same shape, or with a last dimension of 1, or without it.
/// </summary>
public sealed record GaussianNLLLoss : Loss
{
    /// <summary>Whether the constant log(2π) / 2 is added. Default no.</summary>
    public bool Full { get; init; }

    /// <summary>Variances count at least as much. Default 1e-6.</summary>
    public double Eps { get; init => field = Check.Positive(value); } = 1e-6;

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config
            .Add("full", Full)
            .Add("eps", Eps);
    }
}
