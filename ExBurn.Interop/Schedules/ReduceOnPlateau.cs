namespace ExBurn;

/// <summary>
/// Lowers the rate when a number stops improving: PyTorch's ReduceLROnPlateau. Better than the best by the threshold begins the count anew;
/// more than <see cref="Patience"/> values in a row that are not, and the rate is multiplied by the factor. NaN is never better.
/// In Fit it moves per epoch and watches <see cref="Monitor"/>; by hand it is stepped with the number.
/// </summary>
public sealed record ReduceOnPlateau : Schedule
{
    // Positions in the cursor's numbers.
    private const int Best = 0, Bad = 1, Cooling = 2;

    /// <summary>A reduction on plateaus.</summary>
    /// <param name="factor">The factor of a reduction, at least 0 and below 1. Default 0.1.</param>
    /// <param name="patience">Values without improvement that are let pass, at least 0. Default 10.</param>
    public ReduceOnPlateau(double factor = 0.1, int patience = 10) => (Factor, Patience) = (factor, patience);

    /// <summary>The factor of a reduction.</summary>
    public double Factor
    {
        get;
        init => field = Check.NonNegative(value) < 1 ? value : throw new ArgumentOutOfRangeException(nameof(Factor), value, "Factor must be below 1.");
    }

    /// <summary>Values without improvement that are let pass.</summary>
    public int Patience { get; init => field = Check.AtLeast(0, value); }

    /// <summary>Whether a larger value is a better one (mode max). Default: as <see cref="Monitor"/> says, false without it.</summary>
    public bool? HigherIsBetter { get; init; }

    /// <summary>By how much a value must be better. Default 1e-4.</summary>
    public double Threshold { get; init => field = Check.NonNegative(value); } = 1e-4;

    /// <summary>Whether the threshold is a share of the best value (threshold_mode rel) or an amount (abs). Default true: a share.</summary>
    public bool RelativeThreshold { get; init; } = true;

    /// <summary>Values after a reduction that are not counted. Default 0.</summary>
    public int Cooldown { get; init => field = Check.AtLeast(0, value); }

    /// <summary>The rate is not lowered below this. Default 0.</summary>
    public double MinRate { get; init => field = Check.NonNegative(value); }

    /// <summary>Reductions by no more than this are left out. Default 1e-8.</summary>
    public double Eps { get; init => field = Check.NonNegative(value); } = 1e-8;

    /// <summary>What Fit watches. Default: the validation loss, or the training loss of a run without validation data.</summary>
    public Monitored? Monitor { get; init; }

    internal override ReduceOnPlateau Plateau => this;

    private bool IsUpward => HigherIsBetter ?? Monitor?.HigherIsBetter ?? false;

    internal override double[] NewNumbers() => [IsUpward ? double.NegativeInfinity : double.PositiveInfinity, 0, 0];

    internal override double First(ScheduleCursor cursor, double rate) => rate;

    internal override double Restart(ScheduleCursor cursor, double rate) => rate;

    internal override double Next(ScheduleCursor cursor, double rate)
    {
        var value = cursor.Metric
            ?? throw new InvalidOperationException("ReduceOnPlateau is stepped with the number that it watches: Step(metric).");
        var state = cursor.Numbers;
        if (IsBetter(value, state[Best]))
            (state[Best], state[Bad]) = (value, 0);
        else
            state[Bad]++;
        if (state[Cooling] > 0)
        {
            state[Cooling]--;
            state[Bad] = 0;
        }
        if (state[Bad] <= Patience)
            return rate;
        (state[Cooling], state[Bad]) = (Cooldown, 0);
        var lower = Math.Max(rate * Factor, MinRate);
        return rate - lower > Eps ? lower : rate;
    }

    // Infinity times 1 - threshold would be NaN for a threshold of 1: the first number is better than none.
    private bool IsBetter(double value, double best)
    {
        if (double.IsInfinity(best))
            return IsUpward ? value > best : value < best;
        if (RelativeThreshold)
            return IsUpward ? value > best * (1 + Threshold) : value < best * (1 - Threshold);
        return IsUpward ? value > best + Threshold : value < best - Threshold;
    }
}
