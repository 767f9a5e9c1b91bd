namespace ExBurn.Tests.Training;

/// <summary>Norms of gradients that batches tell callbacks, against those that ComputeGradients gives.</summary>
public sealed class GradientNormTests
{
    private sealed class Watcher(bool watches) : Callback
    {
        public List<BatchResult> Batches { get; } = [];

        public override bool WatchesGradients => watches;

        public override void OnBatchEnd(TrainingContext context, in BatchResult batch) => Batches.Add(batch);
    }

    private static List<BatchResult> Watch(Sequential model, Dataset data, FitOptions options, bool watches = true)
    {
        var watcher = new Watcher(watches);
        new Trainer(model).Fit(data, options with { Callbacks = [watcher] });
        return watcher.Batches;
    }

    [Fact]
    public void They_are_those_of_the_gradients_before_clipping()
    {
        var (points, labels) = Blobs.Arrays();
        using var data = Blobs.Dataset();
        using var model = Blobs.Model(7, new SGD(0.1));
        model.Freeze("0.bias");
        using var copy = model.Clone();
        var options = new FitOptions { BatchSize = Blobs.Rows, Shuffle = false, Epochs = 2, ClipNorm = 0.01, ClipValue = 1e-3 };
        var batches = Watch(model, data, options);
        var trainer = new Trainer(copy);
        Assert.Equal(2, batches.Count);
        foreach (var batch in batches)
        {
            using var gradients = trainer.ComputeGradients(points, labels);
            Assert.Equal(["0.weight", "0.bias", "2.weight", "2.bias"], batch.ParameterNorms.Names);
            Assert.Equal(4, batch.ParameterNorms.Count);
            foreach (var pair in batch.ParameterNorms)
                Assert.Equal(pair.Key == "0.bias" ? double.NaN : gradients.Norm(pair.Key), pair.Value);
            Assert.Equal(gradients.Norm(), batch.GradientNorm, 1e-15);
            Assert.Equal(batch.ParameterNorms["2.weight"], gradients.Norm("2.weight"));
            trainer.ApplyGradients(gradients, new() { ClipNorm = 0.01, ClipValue = 1e-3 });
        }
        Assert.Throws<NameNotFoundException>(() => batches[0].ParameterNorms["none"]);
        Assert.Equal(Blobs.State(model), Blobs.State(copy));
    }

    [Fact]
    public void Without_a_wish_only_clipping_tells_a_norm()
    {
        using var data = Blobs.Dataset();
        using var model = Blobs.Model();
        using var clipped = Blobs.Model();
        Assert.All(Watch(model, data, new() { BatchSize = 40 }, watches: false), batch => Assert.True(double.IsNaN(batch.GradientNorm) && batch.ParameterNorms.Count == 0));
        var watcher = new Watcher(false);
        var history = new Trainer(clipped).Fit(data, new() { BatchSize = 40, ClipNorm = 0.5, Callbacks = [watcher] });
        Assert.All(watcher.Batches, batch => Assert.True(batch.GradientNorm > 0 && batch.ParameterNorms.Count == 0));
        Assert.Equal(history.Epochs[0].GradientNorm, watcher.Batches[^1].GradientNorm);
    }

    [Fact]
    public void Watching_changes_nothing_and_tells_the_epochs_last_norm()
    {
        using var data = Blobs.Dataset();
        using var model = Blobs.Model();
        using var other = Blobs.Model();
        var plain = new Trainer(other).Fit(data, new() { BatchSize = 40, Epochs = 2 });
        Assert.True(double.IsNaN(plain.Epochs[0].GradientNorm));
        var watcher = new Watcher(true);
        var history = new Trainer(model).Fit(data, new() { BatchSize = 40, Epochs = 2, Callbacks = [watcher] });
        Assert.Equal(plain.Losses, history.Losses);
        Assert.Equal(Blobs.State(other), Blobs.State(model));
        Assert.Equal(watcher.Batches[^1].GradientNorm, history.Epochs[1].GradientNorm);
    }

    /// <summary>A batch within a group completes no step; the group's norm is that of the mean gradient, as of one large batch.</summary>
    [Fact]
    public void With_accumulation_they_come_with_the_step()
    {
        using var data = Blobs.Dataset();
        using var whole = Blobs.Model(7, new SGD(0.1));
        using var parts = Blobs.Model(7, new SGD(0.1));
        var expected = Watch(whole, data, new() { BatchSize = 96, Shuffle = false })[0];
        var found = Watch(parts, data, new() { BatchSize = 32, AccumulationSteps = 3, Shuffle = false });
        Assert.True(double.IsNaN(found[0].GradientNorm) && double.IsNaN(found[1].GradientNorm));
        Assert.Equal((0, 0, 4), (found[0].ParameterNorms.Count, found[1].ParameterNorms.Count, found[2].ParameterNorms.Count));
        Assert.Equal(expected.GradientNorm, found[2].GradientNorm, 1e-6 * expected.GradientNorm);
        Assert.Equal(expected.ParameterNorms["0.weight"], found[2].ParameterNorms["0.weight"], 1e-6 * expected.GradientNorm);
    }

    [Fact]
    public void A_stream_tells_them_too()
    {
        var (points, labels) = Blobs.Arrays();
        using var data = Blobs.Dataset();
        using var one = Blobs.Model();
        using var two = Blobs.Model();
        var options = new FitOptions { BatchSize = 96, Shuffle = false };
        var watcher = new Watcher(true);
        new Trainer(two).Fit(DataStream.FromBatches([new Batch(points, labels)]), options with { Callbacks = [watcher] });
        Assert.Equal(Watch(one, data, options)[0].ParameterNorms.ToArray(), watcher.Batches[0].ParameterNorms.ToArray());
    }

    [Fact]
    public void A_step_measures_where_asked()
    {
        var (points, labels) = Blobs.Arrays(32);
        using var model = Blobs.Model();
        using var copy = model.Clone();
        var trainer = new Trainer(model);
        using var gradients = new Trainer(copy).ComputeGradients(points, labels);
        Assert.Equal(gradients.Norm(), trainer.TrainStep(points, labels, new StepOptions { MeasureGradients = true }).GradientNorm, 1e-15);
        Assert.True(double.IsNaN(trainer.TrainStep(points, labels).GradientNorm));
    }
}
