using System.Diagnostics;
using System.Diagnostics.Metrics;
using ExBurn.Tests.Training;
using Microsoft.Extensions.Logging;

namespace ExBurn.Tests.Diagnostics;

public sealed class TelemetryTests
{
    [Fact]
    public void A_logger_hears_of_begin_epochs_end_and_batches()
    {
        var logger = new Lines();
        Fit(new() { Epochs = 2, BatchSize = 48, Callbacks = [new RunLog(logger, batches: true)] });
        Assert.Equal([1, 4, 4, 2, 4, 4, 2, 3], logger.Entries.Select(entry => entry.Id));
        Assert.Contains("accuracy", logger.Entries.First(entry => entry.Id == 2).Text, StringComparison.Ordinal);
        Assert.Contains("after 2 epochs: Completed", logger.Entries[^1].Text, StringComparison.Ordinal);
        Assert.False(new RunLog(logger).ListensToBatches);
        var quiet = new Lines { Level = LogLevel.Warning };
        Fit(new() { Callbacks = [new RunLog(quiet)] });
        Assert.Empty(quiet.Entries);
    }

    [Fact]
    public void Instruments_count_what_was_trained()
    {
        var sums = new Dictionary<string, double>(StringComparer.Ordinal);
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == TrainingTelemetry.SourceName)
                    self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => sums[instrument.Name] = sums.GetValueOrDefault(instrument.Name) + value);
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => sums[instrument.Name] = sums.GetValueOrDefault(instrument.Name) + value);
        listener.Start();
        var history = Fit(new() { Epochs = 3, BatchSize = 10 });
        Assert.Equal((3, 30, 288), (sums["exburn.epochs"], sums["exburn.steps"], sums["exburn.samples"]));
        Assert.Equal(history.Losses.Sum(), sums["exburn.loss"], 1e-12);
        Assert.True(sums["exburn.epoch.duration"] > 0);
    }

    [Fact]
    public void A_gauge_tells_how_many_native_objects_live()
    {
        var handles = 0L;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Name == "exburn.native.handles")
                    self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => handles = value);
        listener.Start();
        long Read()
        {
            listener.RecordObservableInstruments();
            return handles;
        }
        using (Blobs.Dataset(6))
        {
            // The meter's class may only now come alive.
            Fit(new());
            var before = Read();
            using (Blobs.Dataset(6))
                Assert.Equal(before + 1, Read());
            Assert.Equal(before, Read());
        }
    }

    [Fact]
    public void Spans_of_epochs_lie_in_the_span_of_the_run()
    {
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == TrainingTelemetry.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Add,
        };
        ActivitySource.AddActivityListener(listener);
        using var held = Blobs.Dataset(9);
        Fit(new() { Epochs = 2, Validation = held });
        var run = spans.Single(span => span.OperationName == "exburn.fit");
        Assert.Equal(["exburn.epoch", "exburn.epoch", "exburn.fit", "exburn.validation", "exburn.validation"], spans.Select(span => span.OperationName).Order(StringComparer.Ordinal));
        Assert.All(spans.Where(span => span != run), span => Assert.Equal(run.TraceId, span.TraceId));
        Assert.All(spans.Where(span => span.OperationName == "exburn.epoch"), span => Assert.Equal(run.SpanId, span.ParentSpanId));
    }

    private static History Fit(FitOptions options)
    {
        using var model = Blobs.Model();
        using var train = Blobs.Dataset();
        return new Trainer(model).Fit(train, options);
    }

    private sealed class Lines : ILogger
    {
        public LogLevel Level { get; init; } = LogLevel.Debug;

        public List<(int Id, string Text)> Entries { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= Level;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => Entries.Add((eventId.Id, formatter(state, exception)));
    }
}
