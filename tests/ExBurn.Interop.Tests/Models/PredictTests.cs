namespace ExBurn.Tests.Models;

public sealed class PredictTests
{
    [Fact]
    public void All_forms_agree()
    {
        using var model = new Sequential(new Linear(3, 4), new Tanh(), new Linear(4, 2));
        model.Build(seed: 1);
        float[,] rows = { { 1, 2, 3 }, { 4, 5, 6 }, { 7, 8, 9 } };
        var whole = model.Predict(rows);
        Assert.Equal([3L, 2L], whole.Shape);
        var expected = whole.ToSingles();
        float[] flat = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        Assert.Equal(expected, model.Predict(flat));
        Assert.Equal(expected, model.Predict(rows, batchSize: 2).ToSingles());
        Assert.Equal(expected, Assert.Single(model.Predict([new TensorData(rows)])).ToSingles());
        var memory = new float[6];
        model.Predict(new TensorView(flat, [3, 3]), memory);
        Assert.Equal(expected, memory);
        using var predictor = model.CreatePredictor();
        Assert.Equal(expected, predictor.Predict(flat));
        Assert.Throws<ArgumentException>(() => model.Predict(new TensorView(flat, [3, 3]), new float[5]));
        Assert.Throws<ArgumentException>(() => model.Predict([1f, 2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Predict(flat, -1));
    }

    [Fact]
    public async Task It_can_be_awaited()
    {
        using var model = new Sequential(new Linear(2, 1));
        model.Build(seed: 1);
        var input = new TensorData(new float[,] { { 1, 2 } });
        Assert.Equal(model.Predict(input).ToSingles(), (await model.PredictAsync(input)).ToSingles());
        using var source = new CancellationTokenSource();
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => model.PredictAsync(input, cancellationToken: source.Token));
    }

    [Fact]
    public void Indices_go_in_as_integers()
    {
        using var model = new Sequential(new Embedding(5, 2), new Flatten(), new Linear(6, 1));
        model.Build(seed: 1);
        var expected = model.Predict(new[,] { { 0, 1, 4 } }).ToSingles();
        Assert.Equal(expected, model.Predict(new long[,] { { 0, 1, 4 } }).ToSingles());
        Assert.Throws<DTypeException>(() => model.Predict(new float[1, 3]));
        Assert.Contains("5", Assert.ThrowsAny<Exception>(() => model.Predict(new[,] { { 0, 1, 5 } })).Message, StringComparison.Ordinal);
        Assert.Equal(expected, model.Predict(new[,] { { 0, 1, 4 } }).ToSingles());
    }

    [Fact]
    public void A_wrong_shape_names_the_layer()
    {
        using var model = new Sequential(new Flatten(), new Linear(6, 1) { Name = "head" });
        model.Build();
        Assert.Equal("head", Assert.Throws<ShapeMismatchException>(() => model.Predict(new float[2, 7])).Layer);
        Assert.Throws<InvalidOperationException>(() => model.Predict(new float[6]));
    }

    [Fact]
    public void Devices_agree()
    {
        using var model = new Sequential(new Conv2d(1, 4, 3) { Padding = 1 }, new BatchNorm2d(4), new ReLU(), new MaxPool2d(2), new Flatten(), new Linear(16, 3));
        model.Build(seed: 3, inputShape: [1, 4, 4]);
        var image = Enumerable.Range(0, 16).Select(i => i / 16f).ToArray();
        var expected = model.Predict(image);
        model.To(Device.NdArray);
        Assert.Equal(Device.NdArray, model.Device);
        Support.Close.Check(expected.Select(x => (double)x).ToArray(), model.Predict(image), 1e-5, 1e-6, "ndarray");
    }
}
