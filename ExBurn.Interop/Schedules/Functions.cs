namespace ExBurn;

/// <summary>The base rate times a function of the position: PyTorch's LambdaLR. For schedules of one's own.</summary>
public sealed record LambdaSchedule : Schedule
{
    /// <summary>A schedule by a function.</summary>
    /// <param name="factor">The factor at a position from 0.</param>
    public LambdaSchedule(Func<int, double> factor) => Factor = factor;

    /// <summary>The factor at a position.</summary>
    public Func<int, double> Factor { get; init => field = Check.NotNull(value); }

    internal override double Next(ScheduleCursor cursor, double rate) => cursor.BaseRate * Factor(cursor.Position);
}

/// <summary>At each position after the first the rate before times a function of the position: PyTorch's MultiplicativeLR.</summary>
public sealed record MultiplicativeSchedule : Schedule
{
    /// <summary>A product of factors.</summary>
    /// <param name="factor">The factor of a position from 1.</param>
    public MultiplicativeSchedule(Func<int, double> factor) => Factor = factor;

    /// <summary>The factor of a position.</summary>
    public Func<int, double> Factor { get; init => field = Check.NotNull(value); }

    internal override double Next(ScheduleCursor cursor, double rate) => cursor.Position == 0 ? rate : rate * Factor(cursor.Position);

    // It has no closed form in PyTorch: it goes on from the rate that it takes over.
    internal override double Restart(ScheduleCursor cursor, double rate) => rate;
}

/// <summary>
/// The schedule of "Attention Is All You Need" (Vaswani and others, 2017): base · model^−½ · min(s^−½, s · warmup^−1½) with
/// s = position + 1. The base rate is its scale (1 in the paper). Moves per step by default.
/// </summary>
public sealed record Noam : Schedule
{
    /// <summary>The transformer's schedule.</summary>
    /// <param name="modelSize">Width of the model, at least 1.</param>
    /// <param name="warmupSteps">Positions of the rise, at least 1. Default 4000.</param>
    public Noam(int modelSize, int warmupSteps = 4000)
        => (ModelSize, WarmupSteps, Interval) = (modelSize, warmupSteps, ScheduleInterval.Step);

    /// <summary>Width of the model.</summary>
    public int ModelSize { get; init => field = Check.Positive(value); }

    /// <summary>Positions of the rise.</summary>
    public int WarmupSteps { get; init => field = Check.Positive(value); }

    internal override double Next(ScheduleCursor cursor, double rate)
    {
        var step = cursor.Position + 1.0;
        return cursor.BaseRate / Math.Sqrt(ModelSize) * Math.Min(1 / Math.Sqrt(step), step * Math.Pow(WarmupSteps, -1.5));
    }
}
