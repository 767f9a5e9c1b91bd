using System.Globalization;

namespace ExBurn;

/// <summary>
/// Saves a run while it goes on: checkpoints (<see cref="Trainer.SaveCheckpoint"/>) <c>epoch-0004.safetensors</c> every so many epochs and
/// <c>step-00001200.safetensors</c> every so many optimizer steps, from which <see cref="FitOptions.ResumeFrom"/> goes on, and the weights of the
/// best epoch, <c>best.safetensors</c>. Each file is written to a temporary name and then renamed, so that a file is whole or not there.
/// <see cref="Model.Load(string, bool)"/> reads the weights of all of them.
/// </summary>
public sealed class Checkpoint : Callback
{
    private readonly Queue<string> _kept = new();

    /// <summary>Checkpoints in a folder.</summary>
    /// <param name="folder">Where; made when the run begins. It belongs to one run at a time.</param>
    /// <param name="every">Epochs between two files, counted by the epoch's number; 0 for none. Default 1.</param>
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

    /// <summary>Optimizer steps of the run between two files, at least 1; they may stand within an epoch. Default none.</summary>
    public int? EverySteps { get; init => field = value is { } steps ? Check.Positive(steps) : null; }

    /// <summary>Whether the files hold weights and buffers only, smaller and good for prediction, but not for resuming. Default false.</summary>
    public bool WeightsOnly { get; init; }

    /// <summary>Whether the best epoch's weights are kept.</summary>
    public bool KeepBest { get; }

    /// <summary>How many files are kept; null for all.</summary>
    public int? KeepLast { get; }

    /// <summary>What tells the best; null for the loss.</summary>
    public Monitored? Monitor { get; }

    /// <summary>The file of the best epoch's weights; averaged ones where the validation judges those (<see cref="WeightAverage.Validate"/>).</summary>
    public string BestPath => Path.Combine(Folder, "best.safetensors");

    /// <summary>The file that was written last, the best apart; null before the first.</summary>
    public string? LastPath { get; private set; }

    /// <summary>Number of the best epoch; null before the first.</summary>
    public int? BestEpoch { get; private set; }

    /// <summary>The best value so far; NaN before the first.</summary>
    public double Best { get; private set; } = double.NaN;

    /// <inheritdoc/>
    public override int? StepInterval => EverySteps;

    /// <summary>The file of an epoch.</summary>
    /// <param name="epoch">Number of the epoch, from 1.</param>
    public string PathOf(int epoch) => Named("epoch-{0:0000}.safetensors", epoch);

    /// <summary>The newest file of a folder by the time of writing, the best apart; null where there is none.</summary>
    /// <param name="folder">The folder of a <see cref="Checkpoint"/>.</param>
    public static string? FindLatest(string folder)
        => Files(Check.NotNull(folder, nameof(folder)), ".safetensors", "epoch", "step")
            .OrderBy(File.GetLastWriteTimeUtc).ThenBy(path => path, StringComparer.Ordinal).LastOrDefault();

    /// <inheritdoc/>
    public override void OnTrainBegin(TrainingContext context)
    {
        if (KeepBest)
            MonitorOf(Check.NotNull(context, nameof(context))).CheckAvailable(context);
        _kept.Clear();
        (LastPath, BestEpoch, Best) = (null, null, double.NaN);
        Directory.CreateDirectory(Folder);
        // What a process left that was killed while it wrote.
        foreach (var rest in Files(Folder, ".tmp", "epoch", "step", "best"))
            File.Delete(rest);
    }

    /// <inheritdoc/>
    public override void OnCheckpoint(TrainingContext context, EpochResult? epoch)
    {
        if (epoch is not null && KeepBest && IsBetter(Check.NotNull(context, nameof(context)), epoch, out var value))
        {
            using (context.Trainer.UseJudgedWeights(context.Options))
                context.Model.Save(BestPath);
            (Best, BestEpoch) = (value, epoch.Epoch);
        }
        if (epoch is not null && Every != 0 && epoch.Epoch % Every == 0)
            Write(context, PathOf(epoch.Epoch));
        else if (EverySteps is { } steps && context.Steps % steps == 0)
            Write(context, Named("step-{0:00000000}.safetensors", context.Steps));
    }

    /// <inheritdoc/>
    public override CallbackState SaveState()
    {
        var numbers = CallbackState.Of(Best, BestEpoch ?? double.NaN).Text;
        return new(string.Join("\n", _kept.Select(path => Path.GetFileName(path)).Prepend(numbers)));
    }

    /// <inheritdoc/>
    public override void LoadState(TrainingContext context, CallbackState state)
    {
        var lines = Check.NotNull(state, nameof(state)).Text.Split('\n');
        var numbers = new CallbackState(lines[0]).Numbers(2, this);
        (Best, BestEpoch) = (numbers[0], double.IsNaN(numbers[1]) ? null : (int)numbers[1]);
        foreach (var name in lines.Skip(1))
            _kept.Enqueue(Path.Combine(Folder, Path.GetFileName(name)));
        LastPath = _kept.LastOrDefault();
    }

    private void Write(TrainingContext context, string path)
    {
        var before = LastPath is { } last && last != path && File.Exists(last) ? File.GetLastWriteTimeUtc(last) : DateTime.MinValue;
        LastPath = path;
        // In the state that is written the file counts already.
        if (!_kept.Contains(path))
            _kept.Enqueue(path);
        if (WeightsOnly)
            context.Model.Save(path);
        else
            context.Trainer.SaveCheckpoint(path);
        // A file system's clock ticks in milliseconds: the newest file must also be the latest.
        if (File.GetLastWriteTimeUtc(path) <= before)
            File.SetLastWriteTimeUtc(path, before.AddMilliseconds(10));
        while (_kept.Count > KeepLast)
            File.Delete(_kept.Dequeue());
    }

    private string Named(string format, long number) => Path.Combine(Folder, string.Format(CultureInfo.InvariantCulture, format, number));

    private static IEnumerable<string> Files(string folder, string ending, params string[] begins)
        => Directory.GetFiles(folder).Where(path => path.EndsWith(ending, StringComparison.Ordinal) && begins.Contains(Path.GetFileName(path).Split('-', '.')[0]));

    private Monitored MonitorOf(TrainingContext context)
        => Monitor ?? (context.Options.Validates ? Monitored.ValidationLoss : Monitored.Loss);

    private bool IsBetter(TrainingContext context, EpochResult epoch, out double value)
    {
        var monitor = MonitorOf(context);
        value = monitor.Read(epoch);
        // NaN is never better.
        return BestEpoch is null ? !double.IsNaN(value) : monitor.HigherIsBetter ? value > Best : value < Best;
    }
}
