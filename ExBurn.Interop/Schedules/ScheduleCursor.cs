namespace ExBurn;

/// <summary>Where one schedule is in a run; those inside it are its children.</summary>
internal sealed class ScheduleCursor
{
    public ScheduleCursor(Schedule schedule, double baseRate, int? length)
    {
        (Schedule, BaseRate, Length) = (schedule, baseRate, length);
        Children = schedule.NewChildren(baseRate, length);
        Numbers = schedule.NewNumbers();
    }

    public Schedule Schedule { get; }

    public double BaseRate { get; private set; }

    /// <summary>Positions of the run, where known.</summary>
    public int? Length { get; private set; }

    public int Position { get; private set; }

    /// <summary>The momentum at the position, where the schedule has one.</summary>
    public double? Momentum { get; set; }

    /// <summary>What was measured before this step.</summary>
    public double? Metric { get; private set; }

    public double[] Numbers { get; private set; }

    public ScheduleCursor[] Children { get; }

    public double Begin(double rate)
    {
        Position = 0;
        return Schedule.First(this, rate);
    }

    public double Restart(double rate)
    {
        Position = 0;
        return Schedule.Restart(this, rate);
    }

    public double Advance(double rate, double? metric)
    {
        Position++;
        Metric = metric;
        return Schedule.Next(this, rate);
    }

    /// <summary>A length of the schedule, or the run's where it is left open.</summary>
    public int LengthOr(int? own)
        => own ?? Length ?? throw new InvalidOperationException(
            $"The length of {Schedule.GetType().Name} is left open: set it, or give the run's length to Start.");

    public ScheduleState Save(double rate) => new()
    {
        Position = Position,
        BaseRate = BaseRate,
        Rate = rate,
        Length = Length,
        Momentum = Momentum,
        Numbers = Numbers,
        Children = [.. Children.Select(child => child.Save(rate))],
    };

    /// <summary>Whether a state has the form that this schedule's states have.</summary>
    public bool Fits(ScheduleState state)
        => state.Position >= 0 && state.Numbers.Count == Numbers.Length && state.Children.Count == Children.Length
            && Children.Select((child, i) => child.Fits(state.Children[i])).All(fits => fits);

    /// <param name="state">Where to go on.</param>
    /// <param name="keepLength">Whether the length stays, for a run that may be longer than the one that saved the state.</param>
    public void Restore(ScheduleState state, bool keepLength)
    {
        (Position, BaseRate, Momentum, Numbers) = (state.Position, state.BaseRate, state.Momentum, [.. state.Numbers]);
        if (!keepLength)
            Length = state.Length;
        for (var i = 0; i < Children.Length; i++)
            Children[i].Restore(state.Children[i], keepLength);
    }
}
