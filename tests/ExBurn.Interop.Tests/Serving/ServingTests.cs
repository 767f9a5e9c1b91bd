using System.Collections.Concurrent;
using System.Diagnostics;

namespace ExBurn.Tests.Serving;

/// <summary>A server's answers are a predictor's, each to its caller; how rows are grouped follows the options.</summary>
public sealed class ServingTests
{
    // Long enough that no batch leaves by its time where a test wants it to leave by its rows.
    private static readonly TimeSpan Never = TimeSpan.FromMinutes(10);

    private static Sequential Network(long seed = 1)
    {
        var model = new Sequential(new Linear(6, 16), new Tanh(), new Linear(16, 3), new Softmax(-1));
        model.Build(inputShape: [6], seed: seed);
        return model;
    }

    private static float[,] Rows(int count, int seed = 0)
    {
        var random = new Random(seed);
        var rows = new float[count, 6];
        for (var i = 0; i < count; i++)
            for (var j = 0; j < 6; j++)
                rows[i, j] = (float)random.NextDouble() - 0.5f;
        return rows;
    }

    [Fact]
    public void A_batch_of_one_request_is_the_predictors_bit_for_bit()
    {
        using var model = Network();
        using var predictor = model.CreatePredictor();
        using var server = new ModelServer(predictor, new() { BatchSize = 8, BatchTimeout = Never });
        var rows = Rows(8);
        TensorData answer = server.Predict(rows);
        Assert.Equal([8, 3], answer.Shape);
        Assert.Equal(predictor.Predict(rows).ToSingles(), answer.ToSingles());
        Assert.Equal((1, 8, 1), (server.Status.Batches, server.Status.Rows, server.Status.Completed));
    }

    [Fact]
    public async Task Concurrent_callers_share_batches_and_each_gets_its_own_rows()
    {
        using var model = Network();
        using var server = new ModelServer(model, new() { BatchSize = 16, BatchTimeout = Never });
        var expected = model.Predict(Rows(64)).ToSingles();
        var rows = Rows(64);
        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => server.PredictAsync(
            Enumerable.Range(0, 6).Select(j => rows[i, j]).ToArray())));
        for (var i = 0; i < 64; i++)
            for (var j = 0; j < 3; j++)
                Assert.Equal(expected[(3 * i) + j], answers[i][j], 1e-6f);
        var status = server.Status;
        Assert.Equal((4, 64, 16.0, 64), (status.Batches, status.Rows, status.MeanBatchSize, status.Completed));
        Assert.Equal(0, status.QueuedRows);
    }

    [Fact]
    public void Threads_that_wait_share_batches_too_and_need_no_thread_of_the_pool()
    {
        using var model = Network();
        using var server = new ModelServer(model, new() { BatchSize = 10, BatchTimeout = Never, Partitions = 2 });
        var expected = model.Predict(Rows(10)).ToSingles();
        var rows = Rows(10);
        var found = new float[30];
        var threads = Enumerable.Range(0, 10).Select(i => new Thread(() =>
            server.Predict(Enumerable.Range(0, 6).Select(j => rows[i, j]).ToArray()).CopyTo(found, 3 * i))).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        Assert.Equal(1, server.Status.Batches);
        for (var i = 0; i < 30; i++)
            Assert.Equal(expected[i], found[i], 1e-6f);
    }

    [Fact]
    public async Task A_batch_that_does_not_fill_leaves_when_its_first_row_has_waited()
    {
        using var model = Network();
        using var server = new ModelServer(model, new() { BatchSize = 100, BatchTimeout = TimeSpan.FromMilliseconds(200) });
        var clock = Stopwatch.StartNew();
        var first = server.PredictAsync(Rows(2));
        var second = server.PredictAsync(Rows(3));
        await first;
        await second;
        // Monitor's clock is coarser than the stopwatch.
        Assert.InRange(clock.ElapsedMilliseconds, 180, 60_000);
        Assert.Equal((1, 5), (server.Status.Batches, server.Status.Rows));
        Assert.InRange(server.Status.MaxLatency.TotalMilliseconds, 180, 60_000);
        Assert.True(server.Status.MedianLatency <= server.Status.Percentile95Latency && server.Status.Percentile95Latency <= server.Status.MaxLatency);
    }

    [Fact]
    public void Without_a_timeout_nothing_waits()
    {
        using var model = Network();
        using var server = new ModelServer(model, new() { BatchSize = 1000, BatchTimeout = TimeSpan.Zero });
        for (var i = 0; i < 5; i++)
            server.Predict(Rows(1, i));
        Assert.Equal(5, server.Status.Batches);
    }

    [Fact]
    public async Task Requests_are_cut_at_the_batch_size_and_put_together_again()
    {
        using var model = Network();
        using var server = new ModelServer(model, new() { BatchSize = 8, BatchTimeout = Never, Partitions = 3 });
        var (large, small) = (Rows(21, 1), Rows(3, 2));
        var (first, second) = (server.PredictAsync(large), server.PredictAsync(small));
        var (a, b) = (await first, await second);
        Assert.Equal([21, 3], a.Shape);
        Close(model.Predict(large), a);
        Close(model.Predict(small), b);
        // 24 rows fill three batches of 8; the last holds rows of both.
        Assert.Equal((3, 24, 8.0), (server.Status.Batches, server.Status.Rows, server.Status.MeanBatchSize));
    }

    [Fact]
    public void Padding_fills_batches_up_and_cuts_the_answer()
    {
        using var model = Network();
        using var predictor = model.CreatePredictor();
        using var server = new ModelServer(predictor, new() { BatchSize = 8, BatchTimeout = TimeSpan.Zero, Padding = true });
        var rows = Rows(3);
        var answer = server.Predict(rows);
        Assert.Equal([3, 3], answer.Shape);
        // The same call as the server must make: the rows, and the last one again.
        var padded = new float[8, 6];
        for (var i = 0; i < 8; i++)
            for (var j = 0; j < 6; j++)
                padded[i, j] = rows[Math.Min(i, 2), j];
        Assert.Equal(predictor.Predict(padded).ToSingles()[..9], answer.ToSingles());
        Assert.Equal((1, 3, true), (server.Status.Batches, server.Status.Rows, server.Status.Padding));
    }

    [Fact]
    public async Task Several_inputs_and_outputs_by_place_and_by_name()
    {
        var g = new Graph();
        Node a = g.Input("a", 2), b = g.Input("b", 3);
        using var model = g.Build(("sum", a.Apply(new Linear(2, 4)) + b.Apply(new Linear(3, 4))), ("double", b * 2));
        model.Build(seed: 1);
        await using var server = new ModelServer(model, new() { BatchSize = 4, BatchTimeout = Never });
        TensorData x = new(new float[,] { { 1, 2 }, { 3, 4 } }), y = new(new float[,] { { 1, 2, 3 }, { 4, 5, 6 } });
        var byPlace = server.PredictAsync([x, y]);
        var byName = await server.PredictAsync(new Dictionary<string, TensorData> { ["a"] = x, ["b"] = y });
        var expected = model.Predict([x, y]);
        Assert.Equal(["sum", "double"], server.OutputNames);
        Close(expected[0], (await byPlace)[0]);
        Close(expected[0], byName["sum"]);
        Assert.Equal([2f, 4, 6, 8, 10, 12], byName["double"].ToSingles());
        Assert.Equal(1, server.Status.Batches);
        Assert.Throws<ArgumentException>(() => server.Predict([x]));
        Assert.Throws<ArgumentException>(() => { server.Predict(new Dictionary<string, TensorData> { ["a"] = x, ["c"] = y }); });
        var uneven = Assert.Throws<ShapeMismatchException>(() => server.Predict([x, new(new float[1, 3])]));
        Assert.Equal(("b", "[2, ...]", "[1, 3]"), (uneven.Layer, uneven.Expected, uneven.Found));
        Assert.Equal("[?, 3]", Assert.Throws<ShapeMismatchException>(() => server.Predict([x, x])).Expected);
    }

    [Fact]
    public async Task Element_types_and_shapes_that_differ_are_not_mixed()
    {
        using var model = new Sequential(new ReLU());
        model.Build();
        await using (var server = new ModelServer(model, new() { BatchSize = 4, BatchTimeout = TimeSpan.FromMilliseconds(20) }))
        {
            var wide = server.PredictAsync(new float[,] { { -1, 2, 3 } });
            var narrow = server.PredictAsync(new float[,] { { -1, 2 } });
            var images = server.PredictAsync(new float[,,] { { { -1, 5 } } });
            var (first, second) = ((await wide).ToSingles(), (await narrow).ToSingles());
            Assert.Equal([0f, 2, 3], first);
            Assert.Equal([0f, 2], second);
            Assert.Equal([1, 1, 2], (await images).Shape);
            Assert.Equal(3, server.Status.Batches);
        }
    }

    [Fact]
    public async Task Other_settings_over_the_same_weights()
    {
        using var model = Network();
        var expected = model.Predict(Rows(2)).ToSingles();
        var server = new ModelServer(model, new() { BatchSize = 2, Partitions = 1, Lazy = true });
        var larger = server.With(server.Options with { BatchSize = 64, BatchTimeout = TimeSpan.FromMilliseconds(1) });
        await server.DisposeAsync();
        Assert.Equal((64, 1, TimeSpan.FromMilliseconds(1)), (larger.Status.BatchSize, larger.Status.Partitions, larger.Status.BatchTimeout));
        Assert.Equal(expected, larger.Predict(Rows(2)).ToSingles());
        Assert.Throws<ObjectDisposedException>(() => server.With(new()));
        larger.Dispose();
        larger.Dispose();
        Assert.Throws<ObjectDisposedException>(() => larger.With(new()));
    }

    [Fact]
    public void Defaults_are_as_documented()
    {
        var options = new ServingOptions();
        Assert.Equal(
            (32, TimeSpan.FromMilliseconds(50), Environment.ProcessorCount, false, (int?)null, false),
            (options.BatchSize, options.BatchTimeout, options.Partitions, options.Padding, options.QueueLimit, options.Lazy));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ServingOptions { BatchSize = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ServingOptions { BatchTimeout = TimeSpan.FromMilliseconds(-1) });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ServingOptions { Partitions = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ServingOptions { QueueLimit = 0 });
        using var unbuilt = new Sequential(new Linear(2, 2));
        Assert.Throws<InvalidOperationException>(() => new ModelServer(unbuilt));
        Assert.Throws<ArgumentNullException>(() => new ModelServer((Model)null!));
    }

    [Fact]
    public void Many_threads_and_sizes_at_once()
    {
        using var model = Network();
        var rows = Enumerable.Range(1, 12).Select(count => Rows(count, count)).ToArray();
        var expected = rows.Select(one => model.Predict(one)).ToArray();
        var wrong = new ConcurrentQueue<string>();
        using (var server = new ModelServer(model, new() { BatchSize = 7, BatchTimeout = TimeSpan.FromMilliseconds(1), Partitions = 4 }))
        {
            var threads = Enumerable.Range(0, 8).Select(t => new Thread(() =>
            {
                for (var i = 0; i < 100; i++)
                {
                    var k = ((t * 5) + i) % 12;
                    var answer = server.Predict(rows[k]);
                    if (answer.Shape != expected[k].Shape || answer.ToSingles().Zip(expected[k].ToSingles(), (x, y) => Math.Abs(x - y)).Max() > 1e-6f)
                        wrong.Enqueue($"{t}/{i}");
                }
            })).ToArray();
            foreach (var thread in threads)
                thread.Start();
            foreach (var thread in threads)
                thread.Join();
            Assert.Equal(800, server.Status.Completed);
        }
        Assert.Empty(wrong);
    }

    private static void Close(TensorData expected, TensorData found)
    {
        Assert.Equal(expected.Shape, found.Shape);
        Support.Close.Check(expected.ToDoubles(), found.ToDoubles(), 1e-6, 1e-6, "rows");
    }
}
