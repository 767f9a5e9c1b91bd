using System.Globalization;

namespace ExBurn;

/// <summary>
/// Ends a run that no longer improves: after <see cref="Patience"/> epochs in a row that are not better than the best so far.
/// Better means strictly below best − <see cref="MinDelta"/> (above best + it, where higher is better). The first value counts as
/// better; NaN never does. Checkpoints hold what it has counted, and the best weights. With averaged weights that the validation judges
/// (<see cref="WeightAverage.Validate"/>) the best weights are averaged ones.
/// </summary>
public sealed class EarlyStopping : Callback
{
    private byte[]? _bestState;
    private int _badEpochs;

    /// <summary>Early stopping.</summary>
    /// <param name="patience">Epochs without improvement that end the run, at least 1.</param>
    /// <param name="minDelta">By how much an epoch must be better to count, at least 0.</param>
    /// <param name="monitor">What is watched. Default: the validation loss.</param>
    /// <param name="restoreBest">Whether the model gets the best epoch's weights back when the run ends. Costs a copy of the weights per improvement.</param>
    public EarlyStopping(int patience = 5, double minDelta = 0, Monitored? monitor = null, bool restoreBest = false)
    {
        Patience = Check.Positive(patience, nameof(patience));
        MinDelta = Check.NonNegative(minDelta, nameof(minDelta));
        Monitor = monitor ?? Monitored.ValidationLoss;
        RestoreBest = restoreBest;
    }

    /// <summary>Epochs without improvement that end the run.</summary>
    public int Patience { get; }

    /// <summary>By how much an epoch must be better to count.</summary>
    public double MinDelta { get; }

    /// <summary>What is watched.</summary>
    public Monitored Monitor { get; }

    /// <summary>Whether the model gets the best epoch's weights back when the run ends.</summary>
    public bool RestoreBest { get; }

    /// <summary>The best value so far; NaN before the first.</summary>
    public double Best { get; private set; } = double.NaN;

    /// <summary>Number of the best epoch; null before the first.</summary>
    public int? BestEpoch { get; private set; }

    /// <inheritdoc/>
    public override void OnTrainBegin(TrainingContext context)
    {
        Monitor.CheckAvailable(Check.NotNull(context, nameof(context)));
        (Best, BestEpoch, _badEpochs, _bestState) = (double.NaN, null, 0, null);
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(TrainingContext context, EpochResult epoch)
    {
        var value = Monitor.Read(epoch);
        if (IsBetter(value))
        {
            (Best, BestEpoch, _badEpochs) = (value, epoch.Epoch, 0);
            if (!RestoreBest)
                return;
            using (context.Trainer.UseJudgedWeights(context.Options))
                _bestState = context.Model.ExportState();
        }
        else
        {
            _badEpochs++;
            StopWhereDue(context);
        }
    }

    /// <inheritdoc/>
    public override CallbackState SaveState()
        => new(CallbackState.Of(Best, BestEpoch ?? double.NaN, _badEpochs).Text, _bestState);

    /// <summary>Goes on counting; a run that had been stopped ends at once.</summary>
    public override void LoadState(TrainingContext context, CallbackState state)
    {
        var numbers = Check.NotNull(state, nameof(state)).Numbers(3, this);
        (Best, BestEpoch, _badEpochs) = (numbers[0], double.IsNaN(numbers[1]) ? null : (int)numbers[1], (int)numbers[2]);
        _bestState = RestoreBest && !state.Data.IsEmpty ? state.Data.ToArray() : null;
        StopWhereDue(context);
    }

    private void StopWhereDue(TrainingContext context)
    {
        if (_badEpochs >= Patience)
            context.Stop(string.Format(CultureInfo.InvariantCulture,
                "{0} did not improve for {1} epochs; the best was {2:0.######} in epoch {3}", Monitor, _badEpochs, Best, BestEpoch));
    }

    /// <inheritdoc/>
    public override void OnTrainEnd(TrainingContext context, History history)
    {
        if (_bestState is { } state && BestEpoch != context.Epoch)
            context.Model.ImportState(state, strict: true);
        _bestState = null;
    }

    // A comparison with NaN is false: a NaN value is never better, and the first number is better than no number.
    private bool IsBetter(double value)
        => BestEpoch is null
            ? !double.IsNaN(value)
            : Monitor.HigherIsBetter ? value > Best + MinDelta : value < Best - MinDelta;
}
