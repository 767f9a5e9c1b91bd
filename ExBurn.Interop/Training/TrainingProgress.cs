namespace ExBurn;

/// <summary>How far a run is: what <see cref="IProgress{T}"/> gets after a batch and after an epoch.</summary>
public readonly record struct TrainingProgress
{
    /// <summary>Number of the epoch since the model was compiled, from 1.</summary>
    public int Epoch { get; init; }

    /// <summary>Epochs of this run that are finished.</summary>
    public int EpochsDone { get; init; }

    /// <summary>Epochs of this run.</summary>
    public int Epochs { get; init; }

    /// <summary>The last batch.</summary>
    public BatchResult Batch { get; init; }

    /// <summary>The epoch, when it has just ended; null inside an epoch.</summary>
    public EpochResult? Completed { get; init; }

    /// <summary>Share of the run that is done, from 0 to 1.</summary>
    public double Fraction { get; init; }

    /// <summary>Time since the run began.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Estimated time to the end of the run, from the share done so far.</summary>
    public TimeSpan Remaining => Fraction > 0
        ? TimeSpan.FromSeconds(Elapsed.TotalSeconds * Math.Max(0, 1 - Fraction) / Fraction)
        : TimeSpan.Zero;
}
