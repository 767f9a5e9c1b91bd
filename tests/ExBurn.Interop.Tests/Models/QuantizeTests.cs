using ExBurn.Tests.Support;
using ExBurn.Tests.Training;

namespace ExBurn.Tests.Models;

/// <summary>Parameters stored in 16 bits, and prediction that computes in them.</summary>
public sealed class QuantizeTests
{
    [Theory]
    [InlineData(DType.Float16, 11)]
    [InlineData(DType.BFloat16, 8)]
    public void Parameters_are_rounded_and_take_half_the_memory(DType dtype, int bits)
    {
        using var folder = new TemporaryFolder();
        var (points, _) = Blobs.Arrays(12);
        using var model = Blobs.Model();
        var before = model.GetState();
        var bytes = model.Summary().Bytes;
        model.Quantize(dtype);
        Assert.Equal(bytes / 2, model.Summary().Bytes);
        Assert.Equal(DType.Float32, model.DType);
        Assert.All(model.ListState(), entry => Assert.Equal(dtype, entry.DType));
        foreach (var (name, value) in model.GetState())
            Assert.Equal(before[name].ToDoubles().Select(x => Round(x, bits)), value.ToDoubles());

        // The same numbers in single precision predict the same.
        var path = folder.File("half.safetensors");
        model.Save(path);
        using var single = Blobs.Model(seed: 8);
        single.Load(path);
        var expected = single.Predict(points).ToDoubles();
        Assert.Equal(expected, model.Predict(points).ToDoubles());
        using var predictor = model.CreatePredictor();
        Assert.Equal(expected, predictor.Predict(points).ToDoubles());
        using var copy = model.Clone();
        Assert.Equal(expected, copy.Predict(points).ToDoubles());
        model.SetState(before);
        Assert.All(model.ListState(), entry => Assert.Equal(dtype, entry.DType));

        using var data = Blobs.Dataset();
        Assert.Throws<DTypeException>(() => new Trainer(model).Fit(data));
        model.Quantize(DType.Float32);
        new Trainer(model).Fit(data);
    }

    [Fact]
    public void Inference_computes_in_halves_where_asked()
    {
        var (points, labels) = Blobs.Arrays(12);
        using var data = Blobs.Dataset();
        using var model = Blobs.Model();
        var single = model.Predict(points).ToDoubles();
        var exact = new Trainer(model).Evaluate(data).Loss;
        using var before = model.CreatePredictor();
        model.InferencePrecision = Precision.BFloat16Mixed;
        var mixed = model.Predict(points).ToDoubles();
        Assert.All(mixed, x => Assert.Equal(Round(x, 8), x));
        Close.Check(single, mixed, 0.03, 0.03, "prediction");
        using var after = model.CreatePredictor();
        Assert.Equal(mixed, after.Predict(points).ToDoubles());
        Assert.Equal(single, before.Predict(points).ToDoubles());
        using var copy = model.Clone();
        Assert.Equal((Precision.BFloat16Mixed, mixed[0]), (copy.InferencePrecision, copy.Predict(points).ToDoubles()[0]));
        var rounded = new Trainer(model).Evaluate(data).Loss;
        Assert.NotEqual(exact, rounded);
        Assert.Equal(exact, rounded, 0.03 * exact);
        model.InferencePrecision = Precision.Float32;
        Assert.Equal(single, model.Predict(points).ToDoubles());
    }

    [Fact]
    public void Bad_input_is_refused()
    {
        using var model = Blobs.Model();
        Assert.Throws<DTypeException>(() => model.Quantize(DType.Float64));
        Assert.Throws<DTypeException>(() => model.Quantize(DType.Int32));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.InferencePrecision = (Precision)9);
        using var elsewhere = new Sequential(new Linear(2, 2));
        elsewhere.Build(device: Device.NdArray);
        Assert.Throws<DTypeException>(() => elsewhere.Quantize(DType.Float16));
        using var unbuilt = new Sequential(new Linear(2, 2));
        Assert.Throws<InvalidOperationException>(() => unbuilt.Quantize(DType.Float16));
    }

    /// <summary>To so many bits of mantissa, ties to even; for numbers that are not tiny.</summary>
    private static double Round(double x, int bits)
    {
        if (x == 0)
            return 0;
        var unit = Math.Pow(2, Math.Floor(Math.Log2(Math.Abs(x))) - bits + 1);
        return Math.Round(x / unit, MidpointRounding.ToEven) * unit;
    }
}
