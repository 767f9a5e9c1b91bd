namespace ExBurn;

/// <summary>From when on a <see cref="HealthMonitor"/> gives alerts; AxonML's limits. Steps are records: reported batches, or calls of Record. Immutable.</summary>
public sealed record HealthOptions
{
    /// <summary>Latest losses that means, trends and ranges are about, at least 10. Default 100.</summary>
    public int Window { get; init => field = Check.AtLeast(HealthMonitor.LeastLosses, value); } = 100;

    /// <summary>A norm of all gradients above this is an explosion. Default 100.</summary>
    public double ExplosionNorm { get; init => field = Check.Positive(value); } = 100;

    /// <summary>A norm of all gradients below this, <see cref="VanishingSteps"/> times in a row, is vanishing. Default 1e-8.</summary>
    public double VanishingNorm { get; init => field = Check.Positive(value); } = 1e-8;

    /// <summary>Steps in a row with a norm below <see cref="VanishingNorm"/>. Default 10.</summary>
    public int VanishingSteps { get; init => field = Check.Positive(value); } = 10;

    /// <summary>Steps in a row in which a parameter's gradient is zero everywhere, until it counts as dead. Default 50.</summary>
    public int DeadSteps { get; init => field = Check.Positive(value); } = 50;

    /// <summary>A loss above this many times the mean of the losses before it (in the window, at least 10) is divergence; above 1. Default 10.</summary>
    public double DivergenceFactor { get; init => field = value > 1 ? Check.Finite(value) : throw new ArgumentOutOfRangeException(nameof(DivergenceFactor), value, "DivergenceFactor must be above 1."); } = 10;

    /// <summary>Losses of a full window that differ by less than this have converged. Default 1e-6.</summary>
    public double ConvergedRange { get; init => field = Check.Positive(value); } = 1e-6;

    /// <summary>Share of the mean loss below which a change over the window, or the scatter around it, counts as none (<see cref="LossTrend"/>). Default 0.05.</summary>
    public double TrendTolerance { get; init => field = Check.Positive(value); } = 0.05;

    /// <summary>An alert of at least this severity ends the run after its batch. Default none: the monitor only watches.</summary>
    public HealthSeverity? StopAt { get; init; }
}
