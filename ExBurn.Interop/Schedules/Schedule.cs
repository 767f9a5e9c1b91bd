namespace ExBurn;

/// <summary>How often a schedule moves on.</summary>
public enum ScheduleInterval
{
    /// <summary>After each epoch.</summary>
    Epoch,

    /// <summary>After each optimizer step.</summary>
    Step,
}

/// <summary>
/// How the learning rate changes during a run: an immutable description with PyTorch's formulas, in double. It drives
/// <see cref="Trainer.Fit(Dataset, FitOptions?, CancellationToken)"/> as <see cref="FitOptions.Schedule"/>, is stepped by hand through <see cref="Start"/>, or is plotted through
/// <see cref="Preview(double, int)"/>. Where PyTorch computes a rate from the one before (StepLR, LinearLR, CosineAnnealingLR ...) so does
/// this: schedules can be chained, and a rate that a callback sets is gone on from. Positions count from 0.
/// </summary>
public abstract record Schedule
{
    private protected Schedule()
    {
    }

    /// <summary>What one position is: an epoch (default) or an optimizer step (default of OneCycle, Cyclic and Noam). Ignored inside other schedules.</summary>
    public ScheduleInterval Interval { get; init; }

    /// <summary>Begins at position 0, to be stepped by hand.</summary>
    /// <param name="baseRate">The optimizer's learning rate.</param>
    /// <param name="length">Positions of the whole run, for schedules whose length is left open.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rate is negative or not finite, or the length is below 1.</exception>
    /// <exception cref="InvalidOperationException">The schedule's length is open and <paramref name="length"/> is not given.</exception>
    public ScheduleStepper Start(double baseRate, int? length = null) => new(this, baseRate, length);

    /// <summary>The rates of a run before it takes place: at construction, then after each step.</summary>
    /// <param name="baseRate">The optimizer's learning rate.</param>
    /// <param name="steps">How many rates, at least 0; also the length of schedules whose length is left open.</param>
    /// <exception cref="InvalidOperationException">The schedule waits for a metric: use <see cref="Preview(double, IEnumerable{double})"/>; or it ends earlier (<see cref="OneCycle"/>).</exception>
    public double[] Preview(double baseRate, int steps)
    {
        if (Check.AtLeast(0, steps, nameof(steps)) == 0)
            return [];
        var stepper = Start(baseRate, steps);
        return stepper.Peek(steps);
    }

    /// <summary>The rates of a run with these metrics: at construction, then after each of them (one more than there are metrics).</summary>
    /// <param name="baseRate">The optimizer's learning rate.</param>
    /// <param name="metrics">What the run measures, position by position.</param>
    public double[] Preview(double baseRate, IEnumerable<double> metrics)
    {
        double[] values = [.. Check.NotNull(metrics, nameof(metrics))];
        var stepper = Start(baseRate, values.Length + 1);
        var rates = new double[values.Length + 1];
        rates[0] = stepper.Rate;
        for (var i = 0; i < values.Length; i++)
            rates[i + 1] = stepper.Step(values[i]);
        return rates;
    }

    /// <summary>The schedule, here or inside, that waits for a metric; null where none does.</summary>
    internal virtual ReduceOnPlateau? Plateau => null;

    /// <summary>Whether the length is left open, so that it follows from the run.</summary>
    internal virtual bool FollowsRun => false;

    /// <summary>Whether the schedule, or one inside, moves the momentum too.</summary>
    internal virtual bool CyclesMomentum => Inner.Any(one => one.CyclesMomentum);

    /// <summary>The schedules inside.</summary>
    internal virtual IEnumerable<Schedule> Inner => [];

    /// <summary>The types of the schedule and of those inside: a checkpoint's state is one of such a schedule.</summary>
    internal string Kind
    {
        get
        {
            var inner = string.Join(", ", Inner.Select(one => one.Kind));
            return GetType().Name + (inner.Length == 0 ? "" : $"({inner})");
        }
    }

    /// <summary>The rate at the cursor's position, from the rate before.</summary>
    internal abstract double Next(ScheduleCursor cursor, double rate);

    /// <summary>The rate at position 0, from the rate that the optimizer has.</summary>
    internal virtual double First(ScheduleCursor cursor, double rate) => Next(cursor, rate);

    /// <summary>The rate at position 0 when another schedule hands over: PyTorch's closed form, which begins at the base rate.</summary>
    internal virtual double Restart(ScheduleCursor cursor, double rate) => First(cursor, cursor.BaseRate);

    internal virtual ScheduleCursor[] NewChildren(double baseRate, int? length) => [];

    /// <summary>State of its own beside the position.</summary>
    internal virtual double[] NewNumbers() => [];
}
