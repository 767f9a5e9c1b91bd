namespace ExBurn;

/// <summary>How the height of a <see cref="Cyclic"/> schedule's cycles changes.</summary>
public enum CyclicMode
{
    /// <summary>It does not.</summary>
    Triangular,

    /// <summary>Each cycle is half as high as the one before.</summary>
    Triangular2,

    /// <summary>The height is scaled by gamma^position.</summary>
    ExponentialRange,
}

/// <summary>
/// Up and down between two rates along straight lines: PyTorch's CyclicLR (Smith, 2017). The momentum runs the other way. The base rate of
/// the optimizer plays no part. Moves per step by default.
/// </summary>
public sealed record Cyclic : Schedule
{
    /// <summary>A cyclic schedule.</summary>
    /// <param name="minRate">The lower rate, where each cycle begins (PyTorch's base_lr).</param>
    /// <param name="maxRate">The upper rate.</param>
    /// <param name="stepsUp">Positions from the lower to the upper rate, at least 1. Default 2000.</param>
    /// <param name="stepsDown">Positions back, at least 1. Default: as many as up.</param>
    public Cyclic(double minRate, double maxRate, int stepsUp = 2000, int? stepsDown = null)
        => (MinRate, MaxRate, StepsUp, StepsDown, Interval) = (minRate, maxRate, stepsUp, stepsDown, ScheduleInterval.Step);

    /// <summary>The lower rate.</summary>
    public double MinRate { get; init => field = Check.NonNegative(value); }

    /// <summary>The upper rate.</summary>
    public double MaxRate { get; init => field = Check.NonNegative(value); }

    /// <summary>Positions from the lower to the upper rate.</summary>
    public int StepsUp { get; init => field = Check.Positive(value); }

    /// <summary>Positions back; null for as many as up.</summary>
    public int? StepsDown { get; init => field = ScheduleChecks.Positive(value); }

    /// <summary>How the height of the cycles changes. Default <see cref="CyclicMode.Triangular"/>.</summary>
    public CyclicMode Mode { get; init; }

    /// <summary>The factor per position of <see cref="CyclicMode.ExponentialRange"/>. Default 1.</summary>
    public double Gamma { get; init => field = Check.NonNegative(value); } = 1;

    /// <summary>Scales the height in place of <see cref="Mode"/>; gets the cycle's number from 1, or the position. Default none.</summary>
    public Func<double, double>? Scale { get; init; }

    /// <summary>Whether <see cref="Scale"/> gets the position instead of the cycle's number. Default false.</summary>
    public bool ScaleByPosition { get; init; }

    /// <summary>Whether the momentum moves too. Default true.</summary>
    public bool CycleMomentum { get; init; } = true;

    /// <summary>The momentum at the upper rate. Default 0.8.</summary>
    public double BaseMomentum { get; init => field = Check.Probability(value); } = 0.8;

    /// <summary>The momentum at the lower rate. Default 0.9.</summary>
    public double MaxMomentum { get; init => field = Check.Probability(value); } = 0.9;

    internal override bool CyclesMomentum => CycleMomentum;

    internal override double Next(ScheduleCursor cursor, double rate)
    {
        var size = (double)StepsUp + (StepsDown ?? StepsUp);
        var rising = StepsUp / size;
        var cycle = Math.Floor(1 + (cursor.Position / size));
        var inside = 1 + (cursor.Position / size) - cycle;
        var height = (inside <= rising ? inside / rising : (inside - 1) / (rising - 1)) * ScaleAt(cycle, cursor.Position);
        if (CycleMomentum)
            cursor.Momentum = MaxMomentum - ((MaxMomentum - BaseMomentum) * height);
        return MinRate + ((MaxRate - MinRate) * height);
    }

    private double ScaleAt(double cycle, int position)
    {
        if (Scale is { } scale)
            return scale(ScaleByPosition ? position : cycle);
        return Mode switch
        {
            CyclicMode.Triangular2 => 1 / Math.Pow(2, cycle - 1),
            CyclicMode.ExponentialRange => Math.Pow(Gamma, position),
            _ => 1,
        };
    }
}
