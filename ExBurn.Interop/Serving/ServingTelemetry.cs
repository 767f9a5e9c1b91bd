using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ExBurn.Serving;

/// <summary>What servers report to whoever listens in the process, under the name of <see cref="TrainingTelemetry"/>.</summary>
internal static class ServingTelemetry
{
    private static readonly Counter<long> Requests = TrainingTelemetry.Meter.CreateCounter<long>(
        "exburn.serving.requests", "{request}", "Requests that ended, by outcome: completed, failed, cancelled, refused.");

    private static readonly Histogram<double> Latency = TrainingTelemetry.Meter.CreateHistogram<double>(
        "exburn.serving.latency", "s", "Time from a request to its answer.");

    private static readonly Histogram<long> BatchRows = TrainingTelemetry.Meter.CreateHistogram<long>(
        "exburn.serving.batch_size", "{row}", "Rows of the batches computed.");

    public static void Ended(string outcome) => Requests.Add(1, new KeyValuePair<string, object?>("exburn.outcome", outcome));

    public static void Answered(double seconds)
    {
        Latency.Record(seconds);
        Ended("completed");
    }

    public static void Computed(int rows) => BatchRows.Record(rows);

    /// <summary>A span <c>exburn.serving.batch</c> with links to the spans of the callers.</summary>
    public static Activity? StartBatch(ServingBatch batch)
    {
        if (!TrainingTelemetry.Source.HasListeners())
            return null;
        var links = batch.Parts.Where(part => part.Request.Caller != default).Select(part => new ActivityLink(part.Request.Caller));
        var span = TrainingTelemetry.Source.StartActivity("exburn.serving.batch", ActivityKind.Internal, default(ActivityContext), links: links);
        span?.SetTag("exburn.rows", batch.Rows);
        span?.SetTag("exburn.requests", batch.Parts.Count);
        return span;
    }
}
