namespace ExBurn;

/// <summary>
/// From the base rate to the least one along half a cosine, and back up beyond: PyTorch's CosineAnnealingLR (Loshchilov and Hutter, 2017),
/// in its recurrent form. A run of exactly <see cref="Period"/> positions ends one position before the least rate.
/// </summary>
public sealed record CosineAnnealing : Schedule
{
    /// <summary>Annealing along a cosine.</summary>
    /// <param name="period">Positions from the base rate to the least one (T_max), at least 1. Default: those of the run.</param>
    /// <param name="minRate">The least rate (eta_min). Default 0.</param>
    public CosineAnnealing(int? period = null, double minRate = 0) => (Period, MinRate) = (period, minRate);

    /// <summary>Positions from the base rate to the least one; null for those of the run.</summary>
    public int? Period { get; init => field = ScheduleChecks.Positive(value); }

    /// <summary>The least rate.</summary>
    public double MinRate { get; init => field = Check.NonNegative(value); }

    internal override bool FollowsRun => Period is null;

    internal override double Next(ScheduleCursor cursor, double rate)
    {
        var (at, period) = (cursor.Position, cursor.LengthOr(Period));
        if (at == 0)
            return rate;
        if ((at - 1 - period) % (2L * period) == 0)
            return rate + ((cursor.BaseRate - MinRate) * (1 - Math.Cos(Math.PI / period)) / 2);
        var next = ((1 + Math.Cos(Math.PI * at / period)) / (1 + Math.Cos(Math.PI * (at - 1) / period)) * (rate - MinRate)) + MinRate;
        // Rounding can leave a rate of 0 a little below it.
        return Math.Max(next, 0);
    }
}

/// <summary>
/// ExBurn's cosine over the epochs of a run: min + ½ (base − min)(1 + cos(π · e / (E − 1))) for epochs e = 0 … E − 1. Unlike
/// <see cref="CosineAnnealing"/> the last epoch runs at the least rate; a single epoch runs at the base rate. Afterwards the rate stays.
/// </summary>
public sealed record EpochCosine : Schedule
{
    /// <summary>ExBurn's cosine.</summary>
    /// <param name="length">Epochs E, at least 1. Default: those of the run.</param>
    /// <param name="minRate">The least rate. Default 0.</param>
    public EpochCosine(int? length = null, double minRate = 0) => (Length, MinRate) = (length, minRate);

    /// <summary>Epochs; null for those of the run.</summary>
    public int? Length { get; init => field = ScheduleChecks.Positive(value); }

    /// <summary>The least rate.</summary>
    public double MinRate { get; init => field = Check.NonNegative(value); }

    internal override bool FollowsRun => Length is null;

    internal override double Next(ScheduleCursor cursor, double rate)
    {
        var last = cursor.LengthOr(Length) - 1;
        var share = (double)Math.Min(cursor.Position, last) / Math.Max(last, 1);
        return MinRate + (0.5 * (cursor.BaseRate - MinRate) * (1 + Math.Cos(Math.PI * share)));
    }
}

/// <summary>
/// A cosine from the base rate to the least one that begins anew, each time so many times longer: PyTorch's CosineAnnealingWarmRestarts
/// (SGDR: Loshchilov and Hutter, 2017).
/// </summary>
public sealed record CosineWarmRestarts : Schedule
{
    /// <summary>A cosine with restarts.</summary>
    /// <param name="period">Positions of the first cosine (T_0), at least 1.</param>
    /// <param name="periodFactor">By what each cosine is longer than the one before (T_mult), at least 1. Default 1.</param>
    /// <param name="minRate">The least rate (eta_min). Default 0.</param>
    public CosineWarmRestarts(int period, int periodFactor = 1, double minRate = 0)
        => (Period, PeriodFactor, MinRate) = (period, periodFactor, minRate);

    /// <summary>Positions of the first cosine.</summary>
    public int Period { get; init => field = Check.Positive(value); }

    /// <summary>By what each cosine is longer than the one before.</summary>
    public int PeriodFactor { get; init => field = Check.Positive(value); }

    /// <summary>The least rate.</summary>
    public double MinRate { get; init => field = Check.NonNegative(value); }

    internal override double Next(ScheduleCursor cursor, double rate)
    {
        var (at, period) = (cursor.Position, (long)Period);
        long inside = PeriodFactor == 1 ? at % Period : at;
        for (; inside >= period; period *= PeriodFactor)
            inside -= period;
        return MinRate + ((cursor.BaseRate - MinRate) * (1 + Math.Cos(Math.PI * inside / period)) / 2);
    }
}
