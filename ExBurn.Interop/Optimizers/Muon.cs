namespace ExBurn;

/// <summary>How <see cref="Muon"/> scales the learning rate by a matrix's shape.</summary>
public enum MuonRateScale
{
    /// <summary>By √max(1, rows / columns).</summary>
    Original,

    /// <summary>By 0.2 · √max(rows, columns), so that rate and decay tuned for AdamW fit.</summary>
    MatchRmsAdamW,
}

/// <summary>
/// Muon (Jordan, 2024): the momentum of a weight matrix, made nearly orthogonal. Only for matrices, as in PyTorch: give all other
/// parameters a <see cref="ParameterGroup"/> with another optimizer.
/// </summary>
/// <param name="LearningRate">Learning rate. Default 1e-3.</param>
public sealed record Muon(double LearningRate = 1e-3) : Optimizer(LearningRate)
{
    /// <summary>Share of the parameter taken away per step, times the learning rate. Default 0.1.</summary>
    public double WeightDecay { get; init => field = Check.NonNegative(value); } = 0.1;

    /// <summary>Share of the last momentum that is kept. Default 0.95.</summary>
    public double Momentum { get; init => field = Check.NonNegative(value); } = 0.95;

    /// <summary>Nesterov's form. Default true.</summary>
    public bool Nesterov { get; init; } = true;

    /// <summary>Coefficients of a Newton-Schulz step. Default (3.4445, -4.775, 2.0315).</summary>
    public (double A, double B, double C) Coefficients { get; init => field = (Check.Finite(value.A), Check.Finite(value.B), Check.Finite(value.C)); } = (3.4445, -4.775, 2.0315);

    /// <summary>Least norm that the momentum is divided by. Default 1e-7.</summary>
    public double Eps { get; init => field = Check.NonNegative(value); } = 1e-7;

    /// <summary>Number of Newton-Schulz steps, below 100. Default 5.</summary>
    public int Steps
    {
        get;
        init => field = Check.AtLeast(0, value) < 100
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Steps), value, "Steps must be below 100.");
    } = 5;

    /// <summary>How the rate depends on the matrix's shape. Default <see cref="MuonRateScale.Original"/>.</summary>
    public MuonRateScale RateScale { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config
            .Add("weight_decay", WeightDecay)
            .Add("momentum", Momentum)
            .Add("nesterov", Nesterov)
            .Add("ns_coefficients", (ValueArray<double>?)[Coefficients.A, Coefficients.B, Coefficients.C])
            .Add("eps", Eps)
            .Add("ns_steps", Steps)
            .Add("adjust_lr_fn", RateScale == MuonRateScale.Original ? "original" : "match_rms_adamw");
    }
}
