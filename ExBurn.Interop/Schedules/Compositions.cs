namespace ExBurn;

/// <summary>One schedule after the other: PyTorch's SequentialLR. At its milestone a schedule begins at its own position 0, from the base rate.</summary>
public sealed record SequentialSchedule : Schedule
{
    /// <summary>Schedules in a row.</summary>
    /// <param name="schedules">The schedules, at least one.</param>
    /// <param name="milestones">Where the second, third ... begins: one fewer than schedules, ascending, at least 1.</param>
    /// <exception cref="ArgumentException">The numbers of schedules and milestones do not fit, or the milestones do not ascend.</exception>
    public SequentialSchedule(ValueArray<Schedule> schedules, ValueArray<int> milestones)
    {
        Schedules = ScheduleChecks.Some(schedules, nameof(schedules));
        Milestones = ScheduleChecks.Positions(1, milestones, nameof(milestones));
        if (milestones.Count != schedules.Count - 1)
            throw new ArgumentException($"{schedules.Count} schedules need {schedules.Count - 1} milestones, not {milestones.Count}.", nameof(milestones));
        if (milestones.Zip(milestones.Skip(1), (one, next) => one <= next).Contains(false))
            throw new ArgumentException($"Milestones must ascend: {milestones}.", nameof(milestones));
    }

    /// <summary>The schedules.</summary>
    public ValueArray<Schedule> Schedules { get; }

    /// <summary>Where the second, third ... begins.</summary>
    public ValueArray<int> Milestones { get; }

    internal override IEnumerable<Schedule> Inner => Schedules;

    internal override ReduceOnPlateau? Plateau => Schedules.Select(one => one.Plateau).FirstOrDefault(one => one is not null);

    internal override bool FollowsRun => Schedules.Any(one => one.FollowsRun);

    // A schedule whose length is open takes the place between its milestones.
    internal override ScheduleCursor[] NewChildren(double baseRate, int? length)
        => [.. Schedules.Select((one, i) =>
        {
            var begin = i == 0 ? 0 : Milestones[i - 1];
            var end = i < Milestones.Count ? Milestones[i] : length;
            return new ScheduleCursor(one, baseRate, end is { } known ? Math.Max(1, known - begin) : null);
        })];

    internal override double First(ScheduleCursor cursor, double rate)
    {
        rate = cursor.Children[0].Begin(rate);
        cursor.Momentum = cursor.Children[0].Momentum;
        return rate;
    }

    internal override double Next(ScheduleCursor cursor, double rate)
    {
        var index = Milestones.Count(milestone => milestone <= cursor.Position);
        var child = cursor.Children[index];
        rate = index > 0 && Milestones[index - 1] == cursor.Position ? child.Restart(rate) : child.Advance(rate, cursor.Metric);
        cursor.Momentum = child.Momentum;
        return rate;
    }
}

/// <summary>Several schedules at once, each changing what the one before it gave: PyTorch's ChainedScheduler.</summary>
public sealed record ChainedSchedule : Schedule
{
    /// <summary>Schedules at once.</summary>
    /// <param name="schedules">The schedules, at least one.</param>
    public ChainedSchedule(params Schedule[] schedules) => Schedules = ScheduleChecks.Some(schedules, nameof(schedules));

    /// <summary>The schedules.</summary>
    public ValueArray<Schedule> Schedules { get; }

    internal override IEnumerable<Schedule> Inner => Schedules;

    internal override ReduceOnPlateau? Plateau => Schedules.Select(one => one.Plateau).FirstOrDefault(one => one is not null);

    internal override bool FollowsRun => Schedules.Any(one => one.FollowsRun);

    internal override ScheduleCursor[] NewChildren(double baseRate, int? length)
        => [.. Schedules.Select(one => new ScheduleCursor(one, baseRate, length))];

    internal override double First(ScheduleCursor cursor, double rate) => Each(cursor, rate, static (child, before, _) => child.Begin(before));

    internal override double Next(ScheduleCursor cursor, double rate)
        => Each(cursor, rate, static (child, before, metric) => child.Advance(before, metric));

    private static double Each(ScheduleCursor cursor, double rate, Func<ScheduleCursor, double, double?, double> move)
    {
        foreach (var child in cursor.Children)
        {
            rate = move(child, rate, cursor.Metric);
            cursor.Momentum = child.Momentum ?? cursor.Momentum;
        }
        return rate;
    }
}

/// <summary>
/// A rise from a share of the base rate to the whole, base · (start + (1 − start) · position / length), then another schedule from its
/// position 0, or the base rate.
/// </summary>
public sealed record Warmup : Schedule
{
    /// <summary>A warm-up.</summary>
    /// <param name="length">Positions of the rise, at least 0.</param>
    /// <param name="then">What follows. Default: the base rate.</param>
    /// <param name="startFactor">Share of the base rate at position 0, from 0 to 1. Default 0.1.</param>
    public Warmup(int length, Schedule? then = null, double startFactor = 0.1)
        => (Length, Then, StartFactor) = (length, then, startFactor);

    /// <summary>Positions of the rise.</summary>
    public int Length { get; init => field = Check.AtLeast(0, value); }

    /// <summary>What follows; null for the base rate.</summary>
    public Schedule? Then { get; init; }

    /// <summary>Share of the base rate at position 0.</summary>
    public double StartFactor { get; init => field = Check.Probability(value); }

    internal override IEnumerable<Schedule> Inner => Then is null ? [] : [Then];

    internal override ReduceOnPlateau? Plateau => Then?.Plateau;

    internal override bool FollowsRun => Then?.FollowsRun ?? false;

    internal override ScheduleCursor[] NewChildren(double baseRate, int? length)
        => Then is null ? [] : [new(Then, baseRate, length is { } known ? Math.Max(1, known - Length) : null)];

    internal override double Next(ScheduleCursor cursor, double rate)
    {
        if (cursor.Position < Length)
            return cursor.BaseRate * (StartFactor + ((1 - StartFactor) * cursor.Position / Length));
        if (cursor.Children.Length == 0)
            return cursor.Position == Length ? cursor.BaseRate : rate;
        var then = cursor.Children[0];
        rate = cursor.Position == Length ? then.Restart(cursor.BaseRate) : then.Advance(rate, cursor.Metric);
        cursor.Momentum = then.Momentum;
        return rate;
    }
}
