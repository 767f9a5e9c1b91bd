using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace ExBurn.Tests.Serving;

/// <summary>What goes wrong belongs to the caller it concerns: wrong shapes, wrong values, cancelling, a full queue, disposing.</summary>
public sealed class ServingFailureTests
{
    private static readonly TimeSpan Never = TimeSpan.FromMinutes(10);

    private static Sequential Words()
    {
        var model = new Sequential(new Embedding(5, 3) { Name = "words" });
        model.Build(inputShape: [2], seed: 1);
        return model;
    }

    private static TensorData Indices(params long[] indices) => new(new TensorView(indices, [indices.Length / 2, 2]));

    [Fact]
    public void A_wrong_shape_is_an_error_at_once_that_names_both()
    {
        using var model = new Sequential(new Linear(6, 2));
        model.Build(inputShape: [6]);
        using var server = new ModelServer(model, new() { BatchTimeout = Never });
        var clock = Stopwatch.StartNew();
        var error = Assert.Throws<ShapeMismatchException>(() => server.Predict(new float[2, 5]));
        Assert.Equal(("input", "[?, 6]", "[2, 5]"), (error.Layer, error.Expected, error.Found));
        Assert.Throws<ShapeMismatchException>(() => server.Predict(new float[0, 6]));
        Assert.Throws<ShapeMismatchException>(() => server.Predict(new TensorView(new float[6], [6])));
        Assert.Throws<ArgumentException>(() => server.Predict([1f, 2, 3]));
        Assert.Equal((0, 0), (server.Status.Batches, server.Status.Failed));
        Assert.True(clock.Elapsed < Never);
    }

    [Fact]
    public async Task A_shape_that_only_the_layers_know_to_be_wrong_does_not_wait_either()
    {
        using var model = new Sequential(new Linear(6, 2) { Name = "head" });
        model.Build();
        await using var server = new ModelServer(model, new() { BatchSize = 2, BatchTimeout = Never });
        var good = server.PredictAsync(new float[1, 6]);
        var error = await Assert.ThrowsAsync<ShapeMismatchException>(() => server.PredictAsync(new float[1, 7]));
        Assert.Equal("head", error.Layer);
        Assert.Contains("7", error.Found);
        // The other rows still wait for company, and get it.
        Assert.False(good.IsCompleted);
        await server.PredictAsync(new float[1, 6]);
        Assert.Equal([1, 2], (await good).Shape);
        Assert.Equal((1, 2), (server.Status.Failed, server.Status.Completed));
    }

    [Fact]
    public async Task In_a_batch_that_fails_only_those_at_fault_fail()
    {
        using var model = Words();
        await using var server = new ModelServer(model, new() { BatchSize = 3, BatchTimeout = Never });
        var first = server.PredictAsync(Indices(0, 1));
        var bad = server.PredictAsync(Indices(2, 9));
        var last = server.PredictAsync(Indices(3, 4));
        Assert.Equal(model.Predict(Indices(0, 1)).ToSingles(), (await first).ToSingles());
        Assert.Equal(model.Predict(Indices(3, 4)).ToSingles(), (await last).ToSingles());
        var alone = Assert.ThrowsAny<Exception>(() => model.Predict(Indices(2, 9)));
        var found = await Assert.ThrowsAnyAsync<Exception>(() => bad);
        Assert.Equal((alone.GetType(), alone.Message), (found.GetType(), found.Message));
        Assert.Equal((2, 1), (server.Status.Completed, server.Status.Failed));
        // Its thread lives on.
        Assert.Equal([3, 2, 3], server.Predict(Indices(0, 1, 2, 3, 4, 0)).Shape);
    }

    [Fact]
    public async Task A_request_in_several_batches_fails_once_and_leaves_nothing_in_the_queue()
    {
        using var model = Words();
        await using var server = new ModelServer(model, new() { BatchSize = 1, BatchTimeout = Never, Partitions = 1 });
        await Assert.ThrowsAnyAsync<Exception>(() => server.PredictAsync(Indices(9, 9, 0, 1, 2, 3)));
        Assert.Equal((1, 0, 0), (server.Status.Failed, server.Status.Completed, server.Status.QueuedRows));
    }

    [Fact]
    public async Task A_cancelled_request_leaves_the_queue()
    {
        using var model = Words();
        await using var server = new ModelServer(model, new() { BatchSize = 2, BatchTimeout = Never });
        using var source = new CancellationTokenSource();
        var waiting = server.PredictAsync(Indices(0, 1), source.Token);
        Assert.Equal(1, server.Status.QueuedRows);
        source.Cancel();
        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(source.Token, error.CancellationToken);
        Assert.Equal((0, 1), (server.Status.QueuedRows, server.Status.Cancelled));
        // The two that come now are a whole batch; the cancelled row is not in it.
        var next = server.PredictAsync(Indices(1, 2));
        Assert.False(next.IsCompleted);
        await server.PredictAsync(Indices(3, 4));
        Assert.Equal(model.Predict(Indices(1, 2)).ToSingles(), (await next).ToSingles());
        Assert.Equal((1, 2), (server.Status.Batches, server.Status.Rows));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => server.PredictAsync(Indices(0, 1), source.Token));
        Assert.ThrowsAny<OperationCanceledException>(() => server.Predict([Indices(0, 1)], new CancellationTokenSource(20).Token));
    }

    [Fact]
    public async Task A_full_queue_refuses()
    {
        using var model = Words();
        await using var server = new ModelServer(model, new() { BatchSize = 10, BatchTimeout = Never, QueueLimit = 3 });
        var (first, second) = (server.PredictAsync(Indices(0, 1)), server.PredictAsync(Indices(0, 1, 2, 3)));
        var error = Assert.Throws<ExBurnException>(() => server.Predict(Indices(0, 1).View));
        Assert.Equal(ErrorCode.Busy, error.ErrorCode);
        Assert.Contains("3 rows wait, the request has 1, the limit is 3", error.Message);
        Assert.Equal((3, 1), (server.Status.QueuedRows, server.Status.Refused));
        await server.DisposeAsync();
        Assert.True(first.IsCompletedSuccessfully && second.IsCompletedSuccessfully);
        // One that finds nothing waiting is taken whatever its size.
        using var empty = new ModelServer(model, new() { BatchSize = 2, QueueLimit = 1, BatchTimeout = TimeSpan.Zero });
        Assert.Equal([4, 2, 3], empty.Predict(Indices(0, 1, 2, 3, 4, 0, 1, 2)).Shape);
    }

    [Fact]
    public async Task Disposing_answers_what_waits_and_refuses_what_comes()
    {
        using var model = Words();
        var server = new ModelServer(model, new() { BatchSize = 100, BatchTimeout = Never });
        var waiting = Enumerable.Range(0, 5).Select(i => server.PredictAsync(Indices(i, 0))).ToArray();
        await server.DisposeAsync();
        for (var i = 0; i < 5; i++)
            Assert.Equal(model.Predict(Indices(i, 0)).ToSingles(), (await waiting[i]).ToSingles());
        Assert.Throws<ObjectDisposedException>(() => server.Predict(Indices(0, 1).View));
        await server.DisposeAsync();
        server.Dispose();
        var never = new ModelServer(model, new() { Lazy = true });
        await never.DisposeAsync();
    }

    [Fact]
    public async Task A_predictor_that_is_gone_is_what_its_callers_hear()
    {
        using var model = Words();
        var predictor = model.CreatePredictor();
        await using var server = new ModelServer(predictor, new() { BatchTimeout = TimeSpan.Zero });
        predictor.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => server.PredictAsync(Indices(0, 1)));
    }

    [Fact]
    public async Task An_output_without_rows_cannot_be_shared()
    {
        var g = new Graph();
        using var model = g.Build(("total", g.Input("x", 2).Sum(0)));
        model.Build();
        await using var server = new ModelServer(model, new() { BatchSize = 2, BatchTimeout = TimeSpan.Zero });
        var error = await Assert.ThrowsAsync<ShapeMismatchException>(() => server.PredictAsync(new float[3, 2]));
        Assert.Equal(("total", "[2]"), (error.Layer, error.Found));
    }

    [Fact]
    public async Task Meter_and_spans()
    {
        var sums = new Dictionary<string, double>(StringComparer.Ordinal);
        using var meters = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Name.StartsWith("exburn.serving.", StringComparison.Ordinal))
                    self.EnableMeasurementEvents(instrument);
            },
        };
        void Add(string name, double value)
        {
            lock (sums)
                sums[name] = sums.GetValueOrDefault(name) + value;
        }
        meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument.Name + (tags.Length > 0 ? $" {tags[0].Value}" : ""), value));
        meters.SetMeasurementEventCallback<double>((instrument, value, _, _) => Add(instrument.Name, value));
        meters.Start();
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is TrainingTelemetry.SourceName or "caller",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                lock (spans)
                    spans.Add(span);
            },
        };
        ActivitySource.AddActivityListener(listener);
        using var callers = new ActivitySource("caller");
        using var model = Words();
        ActivityContext caller;
        var server = new ModelServer(model, new() { BatchSize = 2, BatchTimeout = Never });
        using (var span = callers.StartActivity("request"))
        {
            caller = span!.Context;
            var first = server.PredictAsync(Indices(0, 1));
            await server.PredictAsync(Indices(1, 2));
            await first;
        }
        await server.DisposeAsync();
        Assert.Equal((2, 2), (sums["exburn.serving.requests completed"], sums["exburn.serving.batch_size"]));
        Assert.True(sums["exburn.serving.latency"] > 0);
        var batch = spans.Single(span => span.OperationName == "exburn.serving.batch");
        Assert.Equal([caller.SpanId, caller.SpanId], batch.Links.Select(link => link.Context.SpanId));
        Assert.Equal(2, batch.GetTagItem("exburn.requests"));
    }
}
