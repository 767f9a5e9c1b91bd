namespace ExBurn.Tests.Docs;

/// <summary>The blocks of docs/serving.md, word for word.</summary>
public sealed class ServingGuide
{
    [Fact]
    public async Task Everything_the_text_shows_works()
    {
        using var model = new Sequential(new Linear(4, 8), new ReLU(), new Linear(8, 3));
        model.Build(inputShape: [4], seed: 1);
        var cancellationToken = CancellationToken.None;
        float[] sample = [1, 2, 3, 4];
        float[,] rows = { { 1, 2, 3, 4 }, { 5, 6, 7, 8 } };
        var expected = model.Predict(rows).ToSingles();

        await using var server = new ModelServer(model, new ServingOptions
        {
            BatchSize = 32,                                  // a batch leaves when so many rows wait,
            BatchTimeout = TimeSpan.FromMilliseconds(5),     // or when the first has waited so long
        });
        float[] scores = await server.PredictAsync(sample, cancellationToken);   // one caller of many
        TensorData answer = server.Predict(rows);                       // any number of rows, waits on this thread
        Task<TensorData> pending = server.PredictAsync(rows);
        IReadOnlyDictionary<string, TensorData> named = await server.PredictAsync(
            new Dictionary<string, TensorData> { ["input"] = new(rows) });
        ServingStatus status = server.Status;
        Console.WriteLine($"{status.QueuedRows} rows wait, {status.MeanBatchSize:F1} rows per batch, p95 {status.Percentile95Latency.TotalMilliseconds:F1} ms");
        await using ModelServer larger = server.With(server.Options with { BatchSize = 64 });
        for (var i = 0; i < 3; i++)
            Assert.Equal(expected[i], scores[i], 1e-6f);
        Assert.Equal(expected, answer.ToSingles());
        Assert.Equal([2, 3], (await pending).Shape);
        Assert.Equal([2, 3], named["output"].Shape);
        Assert.Equal((64, 4), (larger.Status.BatchSize, status.Completed));
    }
}
