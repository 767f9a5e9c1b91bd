namespace ExBurn;

/// <summary>Times gamma every so many positions: PyTorch's StepLR.</summary>
public sealed record StepDecay : Schedule
{
    /// <summary>A decay in steps.</summary>
    /// <param name="stepSize">Positions between two drops, at least 1.</param>
    /// <param name="gamma">The factor of a drop. Default 0.1.</param>
    public StepDecay(int stepSize, double gamma = 0.1) => (StepSize, Gamma) = (stepSize, gamma);

    /// <summary>Positions between two drops.</summary>
    public int StepSize { get; init => field = Check.Positive(value); }

    /// <summary>The factor of a drop.</summary>
    public double Gamma { get; init => field = Check.NonNegative(value); }

    internal override double Next(ScheduleCursor cursor, double rate)
        => cursor.Position == 0 || cursor.Position % StepSize != 0 ? rate : rate * Gamma;
}

/// <summary>Times gamma at given positions: PyTorch's MultiStepLR. A position given twice counts twice.</summary>
public sealed record MultiStepDecay : Schedule
{
    /// <summary>A decay at milestones.</summary>
    /// <param name="milestones">The positions of the drops, in any order, each at least 0.</param>
    /// <param name="gamma">The factor of a drop. Default 0.1.</param>
    public MultiStepDecay(ValueArray<int> milestones, double gamma = 0.1) => (Milestones, Gamma) = (milestones, gamma);

    /// <summary>The positions of the drops.</summary>
    public ValueArray<int> Milestones { get; init => field = ScheduleChecks.Positions(0, value); }

    /// <summary>The factor of a drop.</summary>
    public double Gamma { get; init => field = Check.NonNegative(value); }

    internal override double Next(ScheduleCursor cursor, double rate)
    {
        var drops = Milestones.Count(milestone => milestone == cursor.Position);
        return drops == 0 ? rate : rate * Math.Pow(Gamma, drops);
    }
}

/// <summary>Times gamma at every position: PyTorch's ExponentialLR.</summary>
public sealed record ExponentialDecay : Schedule
{
    /// <summary>An exponential decay.</summary>
    /// <param name="gamma">The factor of a position.</param>
    public ExponentialDecay(double gamma) => Gamma = gamma;

    /// <summary>The factor of a position.</summary>
    public double Gamma { get; init => field = Check.NonNegative(value); }

    internal override double Next(ScheduleCursor cursor, double rate) => cursor.Position == 0 ? rate : rate * Gamma;
}

/// <summary>From the base rate to 0 as (1 − position / length)^power, then 0: PyTorch's PolynomialLR.</summary>
public sealed record PolynomialDecay : Schedule
{
    /// <summary>A polynomial decay.</summary>
    /// <param name="length">Positions until the rate is 0, at least 1. Default: those of the run.</param>
    /// <param name="power">The power. Default 1.</param>
    public PolynomialDecay(int? length = null, double power = 1) => (Length, Power) = (length, power);

    /// <summary>Positions until the rate is 0; null for those of the run.</summary>
    public int? Length { get; init => field = ScheduleChecks.Positive(value); }

    /// <summary>The power.</summary>
    public double Power { get; init => field = Check.NonNegative(value); }

    internal override bool FollowsRun => Length is null;

    internal override double Next(ScheduleCursor cursor, double rate)
    {
        var (at, length) = (cursor.Position, (double)cursor.LengthOr(Length));
        return at == 0 || at > length ? rate : rate * Math.Pow((1 - (at / length)) / (1 - ((at - 1) / length)), Power);
    }
}

/// <summary>The rate times a factor that runs evenly from one value to another, then stays: PyTorch's LinearLR.</summary>
public sealed record LinearSchedule : Schedule
{
    /// <summary>A linear change.</summary>
    /// <param name="startFactor">The factor at position 0, above 0 and at most 1. Default 1/3.</param>
    /// <param name="endFactor">The factor from position <paramref name="length"/> on, from 0 to 1. Default 1.</param>
    /// <param name="length">Positions of the change, at least 0. Default 5.</param>
    public LinearSchedule(double startFactor = 1.0 / 3, double endFactor = 1, int length = 5)
        => (StartFactor, EndFactor, Length) = (startFactor, endFactor, length);

    /// <summary>The factor at position 0.</summary>
    public double StartFactor { get; init => field = Check.Positive(Check.Probability(value)); }

    /// <summary>The factor at the end.</summary>
    public double EndFactor { get; init => field = Check.Probability(value); }

    /// <summary>Positions of the change.</summary>
    public int Length { get; init => field = Check.AtLeast(0, value); }

    internal override double Next(ScheduleCursor cursor, double rate)
    {
        var (at, change) = (cursor.Position, EndFactor - StartFactor);
        if (at == 0)
            return rate * StartFactor;
        return at > Length ? rate : rate * (1 + (change / ((Length * StartFactor) + ((at - 1) * change))));
    }
}

/// <summary>The rate times a factor for so many positions, then the rate itself: PyTorch's ConstantLR.</summary>
public sealed record ConstantSchedule : Schedule
{
    /// <summary>A constant factor.</summary>
    /// <param name="factor">The factor, above 0 and at most 1. Default 1/3.</param>
    /// <param name="length">Positions with the factor, at least 0. Default 5. With 0 it is never taken back, as in PyTorch.</param>
    public ConstantSchedule(double factor = 1.0 / 3, int length = 5) => (Factor, Length) = (factor, length);

    /// <summary>The factor.</summary>
    public double Factor { get; init => field = Check.Positive(Check.Probability(value)); }

    /// <summary>Positions with the factor.</summary>
    public int Length { get; init => field = Check.AtLeast(0, value); }

    internal override double Next(ScheduleCursor cursor, double rate)
    {
        if (cursor.Position == 0)
            return rate * Factor;
        return cursor.Position == Length ? rate * (1 / Factor) : rate;
    }
}
