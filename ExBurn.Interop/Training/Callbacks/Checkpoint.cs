using System.Globalization;

namespace ExBurn;

/// <summary>
/// Saves the weights during a run as safetensors (<see cref="Model.Save(string)"/>): <c>epoch-0004.safetensors</c> every so many epochs, and
/// <c>best.safetensors</c>. Each file is written to a temporary name and then renamed, so that a file is whole or not there.
/// </summary>
public sealed class Checkpoint : Callback
{
    private readonly Queue<string> _kept = new();

    /// <summary>Checkpoints in a folder.</summary>
    /// <param name="folder">Where; made when the run begins.</param>
    /// <param name="every">Epochs between two files, counted by the epoch's number; 0 writes only the best. Default 1.</param>
    /// <param name="keepBest">Whether the best epoch's weights are kept in <c>best.safetensors</c>. Default false.</param>
    /// <param name="keepLast">How many of this run's files are kept, the best apart; older ones are deleted. Default all.</param>
    /// <param name="monitor">What tells the best. Default: the validation loss, or the training loss of a run without validation data.</param>
    public Checkpoint(string folder, int every = 1, bool keepBest = false, int? keepLast = null, Monitored? monitor = null)
    {
        Folder = Check.NotNull(folder, nameof(folder));
        Every = Check.AtLeast(0, every, nameof(every));
        KeepBest = keepBest;
        KeepLast = keepLast is { } count ? Check.Positive(count, nameof(keepLast)) : null;
        Monitor = monitor;
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Epochs between two files; 0 for none.</summary>
    public int Every { get; }

    /// <summary>Whether the best epoch's weights are kept.</summary>
    public bool KeepBest { get; }

    /// <summary>How many files are kept; null for all.</summary>
    public int? KeepLast { get; }

    /// <summary>What tells the best; null for the loss.</summary>
    public Monitored? Monitor { get; }

    /// <summary>The file of the best epoch's weights.</summary>
    public string BestPath => Path.Combine(Folder, "best.safetensors");

    /// <summary>The file that was written last, the best apart; null before the first.</summary>
    public string? LastPath { get; private set; }

    /// <summary>Number of the best epoch; null before the first.</summary>
    public int? BestEpoch { get; private set; }

    /// <summary>The best value so far; NaN before the first.</summary>
    public double Best { get; private set; } = double.NaN;

    /// <summary>The file of an epoch.</summary>
    /// <param name="epoch">Number of the epoch, from 1.</param>
    public string PathOf(int epoch)
        => Path.Combine(Folder, string.Format(CultureInfo.InvariantCulture, "epoch-{0:0000}.safetensors", epoch));

    /// <inheritdoc/>
    public override void OnTrainBegin(TrainingContext context)
    {
        if (KeepBest)
            MonitorOf(Check.NotNull(context, nameof(context))).CheckAvailable(context);
        _kept.Clear();
        (LastPath, BestEpoch, Best) = (null, null, double.NaN);
        Directory.CreateDirectory(Folder);
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(TrainingContext context, EpochResult epoch)
    {
        if (KeepBest && IsBetter(context, epoch, out var value))
        {
            context.Model.Save(BestPath);
            (Best, BestEpoch) = (value, epoch.Epoch);
        }
        if (Every == 0 || epoch.Epoch % Every != 0)
            return;
        var path = PathOf(epoch.Epoch);
        context.Model.Save(path);
        LastPath = path;
        _kept.Enqueue(path);
        while (_kept.Count > KeepLast)
            File.Delete(_kept.Dequeue());
    }

    private Monitored MonitorOf(TrainingContext context)
        => Monitor ?? (context.Options.Validation is null ? Monitored.Loss : Monitored.ValidationLoss);

    private bool IsBetter(TrainingContext context, EpochResult epoch, out double value)
    {
        var monitor = MonitorOf(context);
        value = monitor.Read(epoch);
        // NaN is never better.
        return BestEpoch is null ? !double.IsNaN(value) : monitor.HigherIsBetter ? value > Best : value < Best;
    }
}
