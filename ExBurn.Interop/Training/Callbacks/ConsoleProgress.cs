using System.Globalization;
using System.Text;

namespace ExBurn;

/// <summary>
/// Writes a run as text, a line per epoch with throughput and the estimated time to the end:
/// <c>Epoch 3: loss=0.1234 val_loss=0.1301 acc=97.5% val_acc=96.0% (1234 samples/s, 56ms) ETA=1m5s</c>. Before them what is trained and how, after them why
/// the run ended where it ended early.
/// </summary>
public sealed class ConsoleProgress : Callback
{
    private readonly TextWriter? _writer;
    // Epochs of the run before a restart: their time is not in this run's.
    private int _before;

    /// <summary>Progress as text.</summary>
    /// <param name="writer">Where to; null for the console.</param>
    public ConsoleProgress(TextWriter? writer = null) => _writer = writer;

    private TextWriter Writer => _writer ?? Console.Out;

    /// <inheritdoc/>
    public override void OnTrainBegin(TrainingContext context)
    {
        var options = Check.NotNull(context, nameof(context)).Options;
        var data = context.Samples is { } rows ? $"{rows} samples, {context.Batches} batches/epoch" : "a stream";
        _before = context.History.Epochs.Count;
        Writer.WriteLine($"Training: {data}, {options.Epochs} epochs");
        Writer.WriteLine($"batch_size={options.BatchSize}, effective_batch_size={options.BatchSize * options.AccumulationSteps}, optimizer={context.Model.Optimizer!.GetType().Name.ToLowerInvariant()}");
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(TrainingContext context, EpochResult epoch)
    {
        Check.NotNull(epoch, nameof(epoch));
        var line = new StringBuilder(Invariant($"Epoch {epoch.Epoch}: loss={epoch.Loss:0.0000}"));
        if (epoch.Validation is { } validation)
            line.Append(Invariant($" val_loss={validation.Loss:0.0000}"));
        Append(line, "", epoch.Metrics);
        if (epoch.Validation is { } held)
            Append(line, "val_", held.Metrics);
        line.Append(Invariant($" ({epoch.SamplesPerSecond:0} samples/s, {epoch.Duration.TotalMilliseconds:0}ms)"));
        var finished = Check.NotNull(context, nameof(context)).History.Epochs.Count;
        var left = context.Options.Epochs - finished;
        if (left > 0 && !context.IsStopping)
            line.Append($" ETA={Time(TimeSpan.FromTicks(context.Elapsed.Ticks / (finished - _before) * left))}");
        Writer.WriteLine(line.ToString());
    }

    /// <inheritdoc/>
    public override void OnTrainEnd(TrainingContext context, History history)
    {
        if (Check.NotNull(history, nameof(history)).StopReason != StopReason.Completed)
            Writer.WriteLine($"Stopped after {history.Epochs.Count} epochs: {history.StopReason}{(history.StopMessage is { } message ? $", {message}" : "")}");
    }

    /// <summary>Reads as <c>45s</c>, <c>2m5s</c>, <c>1h3m</c>.</summary>
    internal static string Time(TimeSpan time)
    {
        var seconds = (long)Math.Round(time.TotalSeconds);
        return seconds < 60 ? $"{seconds}s"
            : seconds < 3600 ? $"{seconds / 60}m{seconds % 60}s"
            : $"{seconds / 3600}h{seconds % 3600 / 60}m";
    }

    private static void Append(StringBuilder line, string prefix, MetricValues metrics)
    {
        foreach (var metric in metrics)
            line.Append(metric.Key == "accuracy" ? Invariant($" {prefix}acc={100 * metric.Value:0.0}%") : Invariant($" {prefix}{metric.Key}={metric.Value:0.0000}"));
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
