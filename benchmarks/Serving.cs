using System.Diagnostics;

namespace ExBurn.Benchmarks;

/// <summary>Predictions of an MLP: batches of several sizes by a predictor, then concurrent callers with one row each, alone and through a server.</summary>
internal static class Serving
{
    private const int Width = 784;

    public static void Measure()
    {
        Console.WriteLine("serving, float32, CPU");
        foreach (var hidden in (int[])[128, 1024])
        {
            using var model = new Sequential(new Linear(Width, hidden), new ReLU(), new Linear(hidden, hidden), new ReLU(), new Linear(hidden, 10));
            model.Build(inputShape: [Width], seed: 1);
            Console.WriteLine($"  MLP {Width}-{hidden}-{hidden}-10");
            using var predictor = model.CreatePredictor();
            foreach (var rows in (int[])[1, 4, 16, 32, 64])
                Console.WriteLine($"    batch {rows,3}: {predictor.Benchmark(rows, new() { WarmUp = 20, Runs = 100 })}");
            Concurrent(predictor, 10, 100);
            Concurrent(predictor, 64, 40);
        }
    }

    /// <summary>So many callers, each with one row after the other.</summary>
    private static void Concurrent(Predictor predictor, int callers, int requests)
    {
        Console.WriteLine($"    {callers} callers, {requests} requests of one row each, requests per second (mean rows of a batch; latency median, p95)");
        Report("alone", callers, requests, row => Task.FromResult(predictor.Predict(row)), null);
        foreach (var batch in (int[])[1, 4, 16, 32, 64])
        {
            using var server = new ModelServer(predictor, new() { BatchSize = Math.Min(batch, callers), BatchTimeout = TimeSpan.FromMilliseconds(1) });
            Report($"batch {batch}", callers, requests, row => server.PredictAsync(row), server);
            if (batch >= callers)
                break;
        }
    }

    private static void Report(string name, int callers, int requests, Func<float[], Task<float[]>> predict, ModelServer? server)
    {
        var random = new Random(1);
        var rows = Enumerable.Range(0, callers).Select(_ => Enumerable.Range(0, Width).Select(_ => random.NextSingle()).ToArray()).ToArray();
        Run(5);
        var start = Stopwatch.GetTimestamp();
        Run(requests);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        var status = server?.Status;
        Console.WriteLine($"      {name,-8} {callers * requests / seconds,8:F0}{(status is null ? "" : $"   ({status.MeanBatchSize:F1}; {status.MedianLatency.TotalMilliseconds:F2} ms, {status.Percentile95Latency.TotalMilliseconds:F2} ms)")}");

        void Run(int times) => Task.WaitAll([.. rows.Select(row => Task.Run(async () =>
        {
            for (var i = 0; i < times; i++)
                await predict(row);
        }))]);
    }
}
