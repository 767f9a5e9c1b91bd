namespace ExBurn;

/// <summary>
/// Where the loss goes: a straight line is fitted to the window's losses; its change over the window and the standard deviation of the losses around it are compared with
/// <see cref="HealthOptions.TrendTolerance"/> times the mean absolute loss.
/// </summary>
public enum LossTrend
{
    /// <summary>Fewer than 10 losses.</summary>
    Unknown,

    /// <summary>The line falls by more than the tolerance and at least as much as the losses scatter around it.</summary>
    Decreasing,

    /// <summary>Neither moves nor scatters by more than the tolerance.</summary>
    Stable,

    /// <summary>The line rises by more than the tolerance and at least as much as the losses scatter around it.</summary>
    Increasing,

    /// <summary>Scatters by more than the tolerance and more than the line moves.</summary>
    Oscillating,
}

/// <summary>What the state of the run says about the learning rate.</summary>
public enum RateAdvice
{
    /// <summary>Nothing speaks against it.</summary>
    Keep,

    /// <summary>It seems too high.</summary>
    Lower,

    /// <summary>It seems too low.</summary>
    Raise,
}

/// <summary>The state of a run as a <see cref="HealthMonitor"/> sees it.</summary>
public sealed record HealthReport
{
    /// <summary>Records so far.</summary>
    public long Steps { get; init; }

    /// <summary>The latest loss; NaN before the first.</summary>
    public double LastLoss { get; init; }

    /// <summary>Mean of the window's finite losses; NaN without one.</summary>
    public double MeanLoss { get; init; }

    /// <summary>Smallest loss of the window; NaN without one.</summary>
    public double MinLoss { get; init; }

    /// <summary>Largest loss of the window; NaN without one.</summary>
    public double MaxLoss { get; init; }

    /// <summary>The latest norm of all gradients; NaN where none was told.</summary>
    public double LastGradientNorm { get; init; }

    /// <summary>Where the loss goes.</summary>
    public LossTrend Trend { get; init; }

    /// <summary>All alerts of the run, oldest first; at most the latest 1000.</summary>
    public IReadOnlyList<HealthAlert> Alerts { get; init; } = [];

    /// <summary>Whether there was no warning and nothing critical within the window.</summary>
    public bool IsHealthy { get; init; }

    /// <summary>What that says about the learning rate. A rule of thumb, as is <see cref="RateFactor"/>.</summary>
    public RateAdvice RateAdvice { get; init; }

    /// <summary>By what to multiply the rate: 1 to keep it.</summary>
    public double RateFactor { get; init; } = 1;

    /// <summary>The advice in words, with its reason.</summary>
    public string Advice { get; init; } = "";

    /// <summary>Reads as <c>step 120: loss 0.0812 (mean 0.09), decreasing; no reason to change the learning rate</c>.</summary>
    public override string ToString()
        => FormattableString.Invariant($"step {Steps}: loss {LastLoss:0.####} (mean {MeanLoss:0.####}), {Trend.ToString().ToLowerInvariant()}; {Advice}");
}
