using System.Globalization;

namespace ExBurn;

/// <summary>
/// Ends a run that no longer improves: after <see cref="Patience"/> epochs in a row that are not better than the best so far.
/// Better means strictly below best − <see cref="MinDelta"/> (above best + it, where higher is better). The first value counts as
/// better; NaN never does.
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
            if (RestoreBest)
                _bestState = context.Model.ExportState();
        }
        else if (++_badEpochs >= Patience)
        {
            context.Stop(string.Format(CultureInfo.InvariantCulture,
                "{0} did not improve for {1} epochs; the best was {2:0.######} in epoch {3}", Monitor, _badEpochs, Best, BestEpoch));
        }
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
