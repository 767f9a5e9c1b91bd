using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ExBurn;

/// <summary>
/// What runs report to whoever listens in the process (OpenTelemetry, dotnet-counters): spans <c>exburn.fit</c>, <c>exburn.epoch</c> and
/// <c>exburn.validation</c>, and the instruments below; a <see cref="ModelServer"/> adds its own under the same name. Without a listener it costs next to nothing.
/// </summary>
public static class TrainingTelemetry
{
    /// <summary>Name of the meter and of the activity source: <c>ExBurn</c>.</summary>
    public const string SourceName = "ExBurn";

    internal static readonly ActivitySource Source = new(SourceName);
    internal static readonly Meter Meter = new(SourceName);
    private static readonly Counter<long> Samples = Meter.CreateCounter<long>("exburn.samples", "{sample}", "Rows trained on.");
    private static readonly Counter<long> Steps = Meter.CreateCounter<long>("exburn.steps", "{step}", "Optimizer steps made.");
    private static readonly Counter<long> Epochs = Meter.CreateCounter<long>("exburn.epochs", "{epoch}", "Epochs trained.");
    private static readonly Histogram<double> EpochDuration = Meter.CreateHistogram<double>("exburn.epoch.duration", "s", "Time of an epoch's training.");
    private static readonly Histogram<double> EpochLoss = Meter.CreateHistogram<double>("exburn.loss", null, "Training loss of an epoch.");

    // Kept alive by the meter; read only when somebody listens.
    private static readonly ObservableGauge<long> Handles = Meter.CreateObservableGauge(
        "exburn.native.handles", () => Native.BurnBridge.LiveHandles((Native.HandleKind)(-1)), "{handle}", "Native objects alive.");

    internal static Activity? StartFit(FitOptions options, int? rows)
    {
        var span = Source.StartActivity("exburn.fit");
        span?.SetTag("exburn.epochs", options.Epochs);
        span?.SetTag("exburn.batch_size", options.BatchSize);
        span?.SetTag("exburn.rows", rows);
        return span;
    }

    /// <summary>A span within the run's; the run may go on on another thread, so the parent is named.</summary>
    internal static Activity? StartPart(string name, Activity? run, int epoch)
    {
        var span = run is null ? null : Source.StartActivity(name, ActivityKind.Internal, run.Context);
        span?.SetTag("exburn.epoch", epoch);
        return span;
    }

    internal static void Count(EpochResult epoch)
    {
        Epochs.Add(1);
        Samples.Add(epoch.Samples);
        Steps.Add(epoch.Steps);
        EpochDuration.Record(epoch.Duration.TotalSeconds);
        EpochLoss.Record(epoch.Loss);
    }
}
