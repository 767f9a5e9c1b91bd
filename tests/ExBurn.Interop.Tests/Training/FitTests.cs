using ExBurn.Tests.Support;

namespace ExBurn.Tests.Training;

public sealed class FitTests
{
    [Fact]
    public void Fit_learns_and_tells_how()
    {
        using var model = Blobs.Model();
        using var train = Blobs.Dataset();
        using var held = Blobs.Dataset(30, seed: 2);
        var trainer = new Trainer(model);
        var history = trainer.Fit(train, new() { Epochs = 20, BatchSize = 10, Validation = held, ClipNorm = 5 });

        Assert.Equal(20, history.Epochs.Count);
        Assert.Equal(StopReason.Completed, history.StopReason);
        Assert.True(history.Losses.Last() < 0.3 * history.Losses.First(), history.ToString());
        var last = history.Epochs[^1];
        Assert.Equal((20, 96L, 10L, 0.02), (last.Epoch, last.Samples, last.Steps, last.LearningRate));
        Assert.True(last.Metrics["accuracy"] > 0.95);
        Assert.True(last.Validation!.Accuracy > 0.95);
        Assert.True(last.GradientNorm > 0);
        Assert.Equal(30, last.Validation.Samples);
        Assert.Equal(20, trainer.CompletedEpochs);

        var evaluation = trainer.Evaluate(held, batchSize: 7);
        Assert.Equal(last.Validation.Loss, evaluation.Loss, 1e-6);
        Assert.Equal(last.Validation.Accuracy, evaluation.Accuracy, 1e-12);
    }

    [Fact]
    public void One_seed_gives_one_history_to_the_last_bit()
    {
        double[] Run(long seed)
        {
            using var model = Blobs.Model(seed, null, new Dropout(0.3));
            using var train = Blobs.Dataset();
            return [.. new Trainer(model).Fit(train, new() { Epochs = 3, BatchSize = 16 }).Losses];
        }
        Assert.Equal(Run(5), Run(5));
        Assert.NotEqual(Run(5), Run(6));
    }

    [Fact]
    public void Two_and_two_epochs_are_four()
    {
        using var train = Blobs.Dataset();
        using var once = Blobs.Model(3, null, new Dropout(0.2));
        new Trainer(once).Fit(train, new() { Epochs = 4 });
        using var twice = Blobs.Model(3, null, new Dropout(0.2));
        new Trainer(twice).Fit(train, new() { Epochs = 2 });
        var history = new Trainer(twice).Fit(train, new() { Epochs = 2 });
        Assert.Equal([3, 4], history.Epochs.Select(epoch => epoch.Epoch));
        Assert.Equal(Blobs.State(once), Blobs.State(twice));
    }

    [Fact]
    public void Accumulated_batches_step_as_one_large_batch()
    {
        using var train = Blobs.Dataset(50);
        byte[] Run(int batch, int accumulation)
        {
            using var model = new Sequential(new Linear(2, 4), new Tanh(), new Linear(4, 3));
            model.Compile(new SGD(0.1), Loss.CrossEntropy(), seed: 1, dtype: DType.Float64);
            var history = new Trainer(model).Fit(train, new() { BatchSize = batch, AccumulationSteps = accumulation, Shuffle = false });
            Assert.Equal(3, history.Epochs[0].Steps);
            return model.ExportState();
        }
        var (large, small) = (SafeTensors.Read(Run(20, 1)), SafeTensors.Read(Run(10, 2)));
        foreach (var (name, tensor) in large)
            Close.Check(tensor.ToDoubles(), small[name].ToDoubles(), 1e-12, 1e-14, name);
    }

    [Fact]
    public void Zero_epochs_change_nothing()
    {
        using var model = Blobs.Model();
        using var train = Blobs.Dataset();
        var before = Blobs.State(model);
        var history = new Trainer(model).Fit(train, new() { Epochs = 0 });
        Assert.Empty(history.Epochs);
        Assert.Equal(StopReason.Completed, history.StopReason);
        Assert.Equal(before, Blobs.State(model));
    }

    [Fact]
    public void A_batch_larger_than_the_data_takes_all_of_it()
    {
        using var model = Blobs.Model();
        using var train = Blobs.Dataset(10);
        var epoch = new Trainer(model).Fit(train, new() { BatchSize = 1000 }).Epochs[0];
        Assert.Equal((10L, 1L), (epoch.Samples, epoch.Steps));
        Assert.Throws<ArgumentException>(() => new Trainer(model).Fit(train, new() { BatchSize = 1000, DropLast = true }));
        Assert.Equal(8, new Trainer(model).Fit(train, new() { BatchSize = 4, DropLast = true }).Epochs[0].Samples);
    }

    [Fact]
    public void Empty_data_is_an_error()
    {
        using var model = Blobs.Model();
        using var none = Dataset.FromArrays(new float[0, 2], Array.Empty<int>());
        using var some = Blobs.Dataset();
        var trainer = new Trainer(model);
        Assert.Throws<ArgumentException>(() => trainer.Fit(none));
        Assert.Throws<ArgumentException>(() => trainer.Evaluate(none));
        Assert.Throws<ArgumentException>(() => trainer.Fit(some, new() { Validation = none }));
    }

    [Fact]
    public void The_rate_can_be_set_by_hand()
    {
        using var model = Blobs.Model();
        using var train = Blobs.Dataset();
        var trainer = new Trainer(model) { LearningRate = 0 };
        var before = Blobs.State(model);
        Assert.Equal(0, trainer.Fit(train).Epochs[0].LearningRate);
        Assert.Equal(before, Blobs.State(model));
        Assert.Throws<ArgumentOutOfRangeException>(() => trainer.LearningRate = -1);
    }

    [Fact]
    public void Several_inputs_travel_as_a_list()
    {
        var (points, labels) = Blobs.Arrays();
        using var data = Dataset.FromArrays([new(points)], [new TensorData(labels)]);
        using var model = Blobs.Model();
        Assert.Equal("96 rows, inputs [96, 2], targets [96]", data.ToString());
        Assert.Single(new Trainer(model).Fit(data).Epochs);
        Assert.Throws<ArgumentException>(() => Dataset.FromArrays([], []));
        Assert.Throws<ArgumentException>(() => Dataset.FromArrays(new float[3, 2], new int[4]));
    }
}
