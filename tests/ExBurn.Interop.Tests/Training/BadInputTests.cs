using ExBurn.Tests.Support;

namespace ExBurn.Tests.Training;

/// <summary>What cannot be trained on is a typed error that says what and where; the model stays usable.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly Sequential _model = Blobs.Model();

    public void Dispose()
    {
        using var good = Blobs.Dataset();
        Assert.Single(new Trainer(_model).Fit(good).Epochs);
        _model.Dispose();
    }

    [Fact]
    public void A_wrong_shape_names_the_layer()
    {
        using var data = Dataset.FromArrays(new float[6, 5], new int[6]);
        var error = Assert.Throws<ShapeMismatchException>(() => new Trainer(_model).Fit(data));
        Assert.Contains("0", error.Layer, StringComparison.Ordinal);
        Assert.Contains("5", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_label_out_of_range_is_an_error()
    {
        using var data = Dataset.FromArrays(new float[3, 2], new[] { 0, 3, 1 });
        var error = Assert.ThrowsAny<Exception>(() => new Trainer(_model).Fit(data));
        Assert.True(error is ArgumentException or ExBurnException, error.ToString());
        Assert.Contains("3", error.Message, StringComparison.Ordinal);
        Assert.ThrowsAny<Exception>(() => new Trainer(_model).TrainStep(new float[1, 2], new[] { -1 }));
    }

    [Fact]
    public void Data_that_is_not_finite_is_an_error_unless_allowed()
    {
        var (points, labels) = Blobs.Arrays();
        points[40, 1] = float.NaN;
        using var data = Dataset.FromArrays(points, labels);
        var error = Assert.Throws<NumericalException>(() => new Trainer(_model).Fit(data));
        Assert.Contains("40", error.Message, StringComparison.Ordinal);

        using var other = Blobs.Model();
        Assert.True(double.IsNaN(new Trainer(other).Fit(data, new() { TerminateOnNaN = false }).Epochs[0].Loss));
    }

    [Fact]
    public void Targets_of_the_wrong_kind_are_an_error()
    {
        using var data = Dataset.FromArrays(new float[4, 2], new float[4, 7]);
        Assert.ThrowsAny<ExBurnException>(() => new Trainer(_model).Fit(data));
        Assert.ThrowsAny<Exception>(() => new Trainer(_model).TrainStep(new float[4, 2], new int[3]));
    }

    [Fact]
    public void What_is_not_compiled_cannot_be_trained()
    {
        using var model = new Sequential(new Linear(2, 3));
        using var data = Blobs.Dataset();
        var trainer = new Trainer(model);
        Assert.Throws<InvalidOperationException>(() => trainer.Fit(data));
        Assert.Throws<InvalidOperationException>(() => trainer.Evaluate(data));
        Assert.Throws<InvalidOperationException>(() => trainer.LearningRate);
        Assert.Throws<ArgumentNullException>(() => new Trainer(null!));
        Assert.Throws<ArgumentNullException>(() => trainer.Fit(null!));
    }
}
