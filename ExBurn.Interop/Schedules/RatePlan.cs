namespace ExBurn;

/// <summary>
/// The schedules of a run, optimizer's and parameter groups', and the rows of rates and momenta that the native core gets: a row per step where
/// one of them moves per step, else one row. A row has one number, which all groups follow, or one per optimizer.
/// </summary>
internal sealed class RatePlan
{
    private readonly TrainingState _state;
    private readonly ScheduleStepper?[] _steppers;
    private readonly ScheduleState?[] _saved;
    private readonly int _columns;
    private readonly bool _cycles;
    private double[] _rates = [];
    private double[] _momenta = [];
    private int _rows;
    // Steps of this part by which the schedules have moved on.
    private int _moved;

    /// <summary>A plan over the state's schedules.</summary>
    /// <exception cref="ArgumentException">A schedule moves a momentum that its optimizer does not have.</exception>
    public RatePlan(TrainingState state)
    {
        _state = state;
        _steppers = state.Schedules;
        _saved = new ScheduleState?[_steppers.Length];
        var own = _steppers.Skip(1).Any(stepper => stepper is not null);
        _cycles = _steppers.Any(stepper => stepper?.Schedule.CyclesMomentum is true);
        _columns = own || _cycles ? _steppers.Length : 1;
        for (var i = 0; i < _steppers.Length; i++)
            if (_steppers[i]?.Schedule is { CyclesMomentum: true } schedule && !HasMomentum(OptimizerOf(i)))
                throw new ArgumentException(
                    $"{schedule.GetType().Name} moves the momentum, and {OptimizerOf(i).GetType().Name} has none: set CycleMomentum = false.", nameof(state));
    }

    public int Columns => _columns;

    public ReadOnlySpan<double> Rates => _rates.AsSpan(0, _rows * _columns);

    public ReadOnlySpan<double> Momenta => _cycles ? _momenta.AsSpan(0, _rows * _columns) : default;

    private bool MovesPerStep => Array.Exists(_steppers, stepper => stepper?.Schedule.Interval == ScheduleInterval.Step);

    /// <summary>Fills the rows of the coming steps. A rate that somebody set since is what the schedule goes on from.</summary>
    public void Prepare(long steps)
    {
        if (_steppers[0] is { } stepper)
            stepper.Rate = _state.LearningRate;
        _rows = MovesPerStep ? checked((int)Math.Max(1, steps)) : 1;
        _moved = 0;
        if (_rates.Length < _rows * _columns)
            (_rates, _momenta) = (new double[_rows * _columns], new double[_cycles ? _rows * _columns : 0]);
        Fill(_rates, _momenta, 0);
    }

    /// <summary>The common rate of the next step, when so many of this part are done.</summary>
    public double RateAt(ReadOnlySpan<double> rates, int done) => rates[Math.Min(done, _rows - 1) * _columns];

    /// <summary>A callback has set the rate after so many steps of this part: the rows that follow change.</summary>
    public void Change(double rate, int done, Span<double> rates, Span<double> momenta)
    {
        Move(done);
        if (_steppers[0] is { } stepper)
            stepper.Rate = rate;
        _state.LearningRate = rate;
        if (_rows == 1)
            Fill(rates, momenta, 0);
        else if (done < _rows)
            Fill(rates, momenta, done);
    }

    /// <summary>The part is over: schedules per step move on by the steps made.</summary>
    public void EndPart(int steps)
    {
        // A rate that was set is already in the stepper; what is left of the way is the schedule's.
        Move(steps);
        if (_steppers[0] is { Schedule.Interval: ScheduleInterval.Step } stepper)
            _state.LearningRate = stepper.Rate;
    }

    /// <summary>The part has failed: the rate is as before it, unless a callback has set another.</summary>
    public void Abandon(double before)
    {
        if (_moved == 0)
            _state.LearningRate = before;
    }

    /// <summary>Schedules per epoch move on.</summary>
    public void EndEpoch(EpochResult epoch)
    {
        for (var i = 0; i < _steppers.Length; i++)
        {
            if (_steppers[i] is not { Schedule.Interval: ScheduleInterval.Epoch } stepper)
                continue;
            // A callback may have set a rate within the epoch.
            if (i == 0)
                stepper.Rate = _state.LearningRate;
            if (stepper.Schedule.Plateau is { } plateau)
                stepper.Step((plateau.Monitor ?? (epoch.Validation is null ? Monitored.Loss : Monitored.ValidationLoss)).Read(epoch));
            else
                stepper.Step();
            if (i == 0)
                _state.LearningRate = stepper.Rate;
        }
    }

    private void Move(int done)
    {
        if (done <= _moved)
            return;
        foreach (var stepper in _steppers)
            if (stepper?.Schedule.Interval == ScheduleInterval.Step)
                stepper.Advance(done - _moved);
        _moved = done;
    }

    /// <summary>Writes the rows from one on; the schedules stand at it and stay there.</summary>
    private void Fill(Span<double> rates, Span<double> momenta, int from)
    {
        for (var i = 0; i < _steppers.Length; i++)
            _saved[i] = _rows - from > 1 ? _steppers[i]?.Save() : null;
        for (var row = from; row < _rows; row++)
        {
            if (row > from)
                foreach (var stepper in _steppers)
                    if (stepper?.Schedule.Interval == ScheduleInterval.Step)
                        stepper.Step();
            var common = _steppers[0]?.Rate ?? _state.LearningRate;
            for (var i = 0; i < _columns; i++)
            {
                rates[(row * _columns) + i] = _steppers[i]?.Rate ?? Following(i, common);
                if (_cycles)
                    momenta[(row * _columns) + i] = MomentumOf(i);
            }
        }
        for (var i = 0; i < _steppers.Length; i++)
            if (_saved[i] is { } saved)
                _steppers[i]!.Restore(saved);
    }

    // As the core does where a row has one number.
    private double Following(int column, double common)
    {
        var (own, theirs) = (BaseRate(_state.Optimizer, column), _state.Optimizer.LearningRate);
        if (own == theirs)
            return common;
        return theirs == 0 ? own : own * (common / theirs);
    }

    // Groups without a schedule follow the optimizer's in the momentum too, where they have one.
    private double MomentumOf(int column)
    {
        var stepper = _steppers[column] ?? _steppers[0];
        return HasMomentum(OptimizerOf(column)) ? stepper?.Momentum ?? double.NaN : double.NaN;
    }

    private Optimizer OptimizerOf(int column) => column == 0 ? _state.Optimizer : _state.Optimizer.Groups[column - 1].Optimizer ?? _state.Optimizer;

    /// <summary>The rate from which the schedule of a column begins.</summary>
    public static double BaseRate(Optimizer optimizer, int column)
    {
        if (column == 0)
            return optimizer.LearningRate;
        var group = optimizer.Groups[column - 1];
        return group.LearningRate ?? group.Optimizer?.LearningRate ?? optimizer.LearningRate;
    }

    private static bool HasMomentum(Optimizer optimizer)
        => optimizer is SGD or RMSprop or Adam or AdamW or Adamax or NAdam or RAdam or LAMB or Lion or Muon;
}
