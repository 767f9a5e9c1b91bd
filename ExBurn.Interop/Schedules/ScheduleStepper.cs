namespace ExBurn;

/// <summary>A schedule in use: its rate now, moved on step by step. Made by <see cref="Schedule.Start"/>. Not safe for several threads.</summary>
public sealed class ScheduleStepper
{
    private readonly ScheduleCursor _cursor;

    internal ScheduleStepper(Schedule schedule, double baseRate, int? length)
    {
        _cursor = new(
            schedule,
            Check.NonNegative(baseRate, nameof(baseRate)),
            length is { } given ? Check.Positive(given, nameof(length)) : null);
        Rate = _cursor.Begin(baseRate);
    }

    /// <summary>The schedule.</summary>
    public Schedule Schedule => _cursor.Schedule;

    /// <summary>The optimizer's learning rate, from which the schedule began.</summary>
    public double BaseRate => _cursor.BaseRate;

    /// <summary>Steps made since the start.</summary>
    public int Position => _cursor.Position;

    /// <summary>The learning rate now. Schedules that compute a rate from the one before go on from a rate set here.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rate is negative or not finite.</exception>
    public double Rate { get; set => field = Check.NonNegative(value); }

    /// <summary>The momentum now; null where the schedule has none (only <see cref="OneCycle"/> and <see cref="Cyclic"/> have).</summary>
    public double? Momentum => _cursor.Momentum;

    /// <summary>Moves on by one position.</summary>
    /// <returns>The new rate.</returns>
    /// <exception cref="InvalidOperationException">The schedule waits for a metric, or has ended.</exception>
    public double Step() => Rate = _cursor.Advance(Rate, null);

    /// <summary>Moves on by one position, with what was measured; schedules that watch nothing ignore it.</summary>
    /// <returns>The new rate.</returns>
    public double Step(double metric) => Rate = _cursor.Advance(Rate, metric);

    /// <summary>The state as data; a run restored from it continues as if it had not been interrupted.</summary>
    public ScheduleState Save() => _cursor.Save(Rate);

    /// <summary>Continues from a state that an equal schedule has saved.</summary>
    /// <exception cref="ArgumentException">The state is that of another kind of schedule.</exception>
    public void Restore(ScheduleState state) => Restore(state, keepLength: false);

    /// <summary>As <see cref="Restore(ScheduleState)"/>; on demand with the length of this run in place of the state's.</summary>
    internal void Restore(ScheduleState state, bool keepLength)
    {
        if (!_cursor.Fits(Check.NotNull(state, nameof(state))))
            throw new ArgumentException($"The state is not one of {Schedule.GetType().Name}.", nameof(state));
        Rate = state.Rate;
        _cursor.Restore(state, keepLength);
    }

    /// <summary>The rate now and those after the next steps; the stepper stays where it is.</summary>
    /// <param name="count">How many rates, at least 1.</param>
    internal double[] Peek(int count)
    {
        var saved = Save();
        var rates = new double[count];
        rates[0] = Rate;
        for (var i = 1; i < count; i++)
            rates[i] = Step();
        Restore(saved);
        return rates;
    }

    internal void Advance(long steps)
    {
        for (var i = 0L; i < steps; i++)
            Step();
    }
}
