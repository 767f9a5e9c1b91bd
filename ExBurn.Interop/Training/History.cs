using System.Diagnostics;

namespace ExBurn;

/// <summary>Why a run ended.</summary>
public enum StopReason
{
    /// <summary>All epochs were trained.</summary>
    Completed,

    /// <summary>A callback asked for it, or the loop over the epochs was left.</summary>
    Callback,

    /// <summary><see cref="FitOptions.MaxSteps"/> were made.</summary>
    StepLimit,

    /// <summary><see cref="FitOptions.TimeLimit"/> has passed.</summary>
    TimeLimit,
}

/// <summary>What a run was like, epoch by epoch.</summary>
[DebuggerDisplay("{ToString(),nq}")]
public sealed partial class History
{
    private readonly List<EpochResult> _epochs = [];

    internal History()
    {
    }

    /// <summary>The epochs, in order.</summary>
    public IReadOnlyList<EpochResult> Epochs => _epochs;

    /// <summary>Why the run ended.</summary>
    public StopReason StopReason { get; internal set; }

    /// <summary>What the callback that stopped the run said; null when none did.</summary>
    public string? StopMessage { get; internal set; }

    /// <summary>Time of the whole run, validation and callbacks included.</summary>
    public TimeSpan Duration { get; internal set; }

    /// <summary>Training loss per epoch.</summary>
    public IEnumerable<double> Losses => _epochs.Select(epoch => epoch.Loss);

    /// <summary>Validation loss per epoch; NaN for an epoch without validation.</summary>
    public IEnumerable<double> ValidationLosses => _epochs.Select(epoch => epoch.Validation?.Loss ?? double.NaN);

    /// <summary>Reads as <c>5 epochs, Completed: epoch 5: loss ...</c>.</summary>
    public override string ToString()
        => _epochs.Count == 0 ? $"0 epochs, {StopReason}" : $"{_epochs.Count} epochs, {StopReason}: {_epochs[_epochs.Count - 1]}";

    internal void Add(EpochResult epoch) => _epochs.Add(epoch);
}
