namespace ExBurn;

/// <summary>Along what a cycle rises and falls.</summary>
public enum Annealing
{
    /// <summary>Half a cosine.</summary>
    Cosine,

    /// <summary>A straight line.</summary>
    Linear,
}

/// <summary>
/// One rise from max/div to the largest rate and one fall far below the start: PyTorch's OneCycleLR (Smith and Topin, 2019). The momentum runs
/// the other way. The base rate plays no part. Moves per step by default; steps past its end are an error, as in PyTorch.
/// </summary>
public sealed record OneCycle : Schedule
{
    /// <summary>One cycle.</summary>
    /// <param name="maxRate">The largest rate.</param>
    /// <param name="length">Positions of the whole cycle, at least 1. Default: those of the run.</param>
    public OneCycle(double maxRate, int? length = null)
        => (MaxRate, Length, Interval) = (maxRate, length, ScheduleInterval.Step);

    /// <summary>The largest rate.</summary>
    public double MaxRate { get; init => field = Check.NonNegative(value); }

    /// <summary>Positions of the whole cycle; null for those of the run.</summary>
    public int? Length { get; init => field = ScheduleChecks.Positive(value); }

    /// <summary>Share of the cycle that rises (pct_start), from 0 to 1. Default 0.3.</summary>
    public double RisingShare { get; init => field = Check.Probability(value); } = 0.3;

    /// <summary>Along what it rises and falls. Default <see cref="ExBurn.Annealing.Cosine"/>.</summary>
    public Annealing Annealing { get; init; }

    /// <summary>The first rate is the largest divided by this. Default 25.</summary>
    public double StartDivisor { get; init => field = Check.Positive(value); } = 25;

    /// <summary>The last rate is the first divided by this. Default 1e4.</summary>
    public double FinalDivisor { get; init => field = Check.Positive(value); } = 1e4;

    /// <summary>Whether it falls to the first rate as fast as it rose, and only then below it. Default false.</summary>
    public bool ThreePhase { get; init; }

    /// <summary>Whether the momentum moves too. Default true.</summary>
    public bool CycleMomentum { get; init; } = true;

    /// <summary>The momentum at the largest rate. Default 0.85.</summary>
    public double BaseMomentum { get; init => field = Check.Probability(value); } = 0.85;

    /// <summary>The momentum at the first and the last rate. Default 0.95.</summary>
    public double MaxMomentum { get; init => field = Check.Probability(value); } = 0.95;

    internal override bool FollowsRun => Length is null;

    internal override bool CyclesMomentum => CycleMomentum;

    internal override double Next(ScheduleCursor cursor, double rate)
    {
        var (at, length) = (cursor.Position, cursor.LengthOr(Length));
        if (at > length)
            throw new InvalidOperationException($"A OneCycle of {length} steps has ended: step {at} is past it.");
        var first = MaxRate / StartDivisor;
        var last = first / FinalDivisor;
        // End of a phase, and what it runs to.
        (double End, double Rate, double Momentum)[] phases = ThreePhase
            ? [((RisingShare * length) - 1, MaxRate, BaseMomentum), ((2 * RisingShare * length) - 2, first, MaxMomentum), (length - 1, last, MaxMomentum)]
            : [((RisingShare * length) - 1, MaxRate, BaseMomentum), (length - 1, last, MaxMomentum)];

        (double End, double Rate, double Momentum) from = (0, first, MaxMomentum);
        foreach (var to in phases.Take(phases.Length - 1))
        {
            if (at <= to.End)
                return Between(cursor, from, to);
            from = to;
        }
        return Between(cursor, from, phases[phases.Length - 1]);
    }

    private double Between(
        ScheduleCursor cursor, (double End, double Rate, double Momentum) from, (double End, double Rate, double Momentum) to)
    {
        // A phase without length is over at once; the position after the last keeps the last rate.
        var share = to.End - from.End is > 0 and var length ? Math.Min(1, (cursor.Position - from.End) / length) : 1;
        if (CycleMomentum)
            cursor.Momentum = Anneal(from.Momentum, to.Momentum, share);
        return Anneal(from.Rate, to.Rate, share);
    }

    private double Anneal(double from, double to, double share)
        => Annealing == Annealing.Linear ? ((to - from) * share) + from : to + ((from - to) / 2 * (Math.Cos(Math.PI * share) + 1));
}
