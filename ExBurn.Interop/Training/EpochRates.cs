namespace ExBurn;

/// <summary>The learning rates of one epoch's steps. Disposing puts the schedule back to where the epoch began.</summary>
internal sealed class EpochRates : IDisposable
{
    private readonly ScheduleStepper? _stepper;
    private readonly ScheduleState? _start;
    private readonly long _most;
    private long _position;

    /// <param name="stepper">A schedule that moves per step; null where the rate stays for the epoch.</param>
    /// <param name="rate">The rate of the first step.</param>
    /// <param name="most">Steps at most.</param>
    public EpochRates(ScheduleStepper? stepper, double rate, long most)
    {
        (_stepper, _start, First, _most) = (stepper, stepper?.Save(), rate, most);
    }

    /// <summary>The rate of the first step.</summary>
    public double First { get; }

    /// <summary>One rate for all steps, or one for each of them.</summary>
    public double[] Take(long steps) => _stepper is null ? [First] : _stepper.Peek(checked((int)Math.Min(steps, _most)));

    /// <summary>The rate of a step from 0; asked for in order.</summary>
    public double At(long step)
    {
        if (_stepper is null)
            return First;
        for (; _position < step; _position++)
            _stepper.Step();
        return _stepper.Rate;
    }

    public void Dispose()
    {
        if (_start is not null)
            _stepper!.Restore(_start);
    }
}
