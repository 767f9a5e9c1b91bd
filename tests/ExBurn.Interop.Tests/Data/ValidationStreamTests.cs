using ExBurn.Tests.Training;

namespace ExBurn.Tests.Data;

/// <summary>Streams as validation data: the dataset's numbers.</summary>
public sealed class ValidationStreamTests
{
    private static IEnumerable<Sample> Samples(int rows, int seed)
    {
        var (points, labels) = Blobs.Arrays(rows, seed);
        for (var i = 0; i < rows; i++)
            yield return new(new float[] { points[i, 0], points[i, 1] }, labels[i]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(7)]
    [InlineData(50)]
    public void It_is_judged_as_the_dataset_with_its_rows(int? size)
    {
        using var data = Blobs.Dataset();
        using var held = Blobs.Dataset(50, 9);
        var options = new FitOptions { Epochs = 3, BatchSize = 20, ValidationBatchSize = size };
        using var one = Blobs.Model(3, null, new BatchNorm1d(16), new Dropout(0.2));
        using var two = Blobs.Model(3, null, new BatchNorm1d(16), new Dropout(0.2));
        using var three = Blobs.Model(3, null, new BatchNorm1d(16), new Dropout(0.2));
        var expected = new Trainer(one).Fit(data, options with { Validation = held });
        var stream = DataStream.FromSamples(Samples(50, 9));
        var found = new Trainer(two).Fit(data, options with { ValidationStream = stream });
        Check(expected, found);
        // Training and validation both from streams.
        var ordered = options with { Shuffle = false, ValidationStream = stream };
        using var four = Blobs.Model(3, null, new BatchNorm1d(16), new Dropout(0.2));
        Check(new Trainer(three).Fit(data, ordered), new Trainer(four).Fit(DataStream.FromSamples(Samples(Blobs.Rows, 1)), ordered));
    }

    private static void Check(History expected, History found)
    {
        Assert.Equal(expected.Losses, found.Losses);
        Assert.Equal(expected.Epochs.Count, found.Epochs.Count);
        foreach (var (e, f) in expected.Epochs.Zip(found.Epochs))
        {
            Assert.NotNull(e.Validation);
            Assert.Equal((e.Validation.Loss, e.Validation.Accuracy, e.Validation.Samples), (f.Validation!.Loss, f.Validation.Accuracy, f.Validation.Samples));
        }
    }

    [Fact]
    public void Early_stopping_watches_it()
    {
        using var data = Blobs.Dataset();
        using var model = Blobs.Model(3, new SGD(1e-12));
        var history = new Trainer(model).Fit(data, new()
        {
            Epochs = 20,
            ValidationStream = DataStream.FromSamples(Samples(50, 9)),
            Callbacks = [new EarlyStopping(patience: 2, minDelta: 1e-3)],
        });
        Assert.Equal((3, StopReason.Callback), (history.Epochs.Count, history.StopReason));
    }

    [Fact]
    public void Early_stopping_watches_a_split_too()
    {
        using var data = Blobs.Dataset();
        using var model = Blobs.Model(3, new SGD(1e-12));
        var history = new Trainer(model).Fit(data, new() { Epochs = 20, ValidationSplit = 0.25, Callbacks = [new EarlyStopping(patience: 2, minDelta: 1e-3)] });
        Assert.Equal(3, history.Epochs.Count);
    }

    [Fact]
    public void Wrong_validation_data_are_errors()
    {
        using var data = Blobs.Dataset();
        using var model = Blobs.Model();
        var trainer = new Trainer(model);
        var stream = DataStream.FromSamples(Samples(50, 9));
        Assert.Throws<ArgumentException>(() => trainer.Fit(data, new() { Validation = data, ValidationStream = stream }));
        Assert.Throws<ArgumentException>(() => trainer.Fit(data, new() { ValidationSplit = 0.5, ValidationStream = stream }));
        Assert.Throws<ArgumentException>(() => trainer.Fit(data, new() { ValidationSplit = 0.5, Validation = data }));
        Assert.Throws<ArgumentException>(() => trainer.Fit(stream, new() { Validation = data, ValidationStream = stream }));
        Assert.Throws<ArgumentException>(() => trainer.Fit(data, new() { ValidationStream = DataStream.FromSamples(Array.Empty<Sample>()) }));
        var before = trainer.Evaluate(data).Loss;
        // A source that can be read once only is noticed in the second epoch.
        var reader = new Queue<Sample>(Samples(50, 9));
        IEnumerable<Sample> Once()
        {
            while (reader.Count > 0)
                yield return reader.Dequeue();
        }
        var error = Assert.Throws<InvalidOperationException>(() => trainer.Fit(data, new() { Epochs = 2, ValidationStream = DataStream.FromSamples(Once()) }));
        Assert.Contains("read only once", error.Message, StringComparison.Ordinal);
        // The model can go on.
        trainer.Fit(data, new() { ValidationStream = stream });
        Assert.NotEqual(before, trainer.Evaluate(data).Loss);
    }
}
