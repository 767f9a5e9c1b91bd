using ExBurn.Tests.Training;

namespace ExBurn.Tests.Models;

/// <summary>Clones, and the figures of a model.</summary>
public sealed class CloneTests
{
    [Fact]
    public void A_clone_goes_its_own_way()
    {
        var (points, labels) = Blobs.Arrays(32);
        using var model = Blobs.Model(7, null, new BatchNorm1d(16));
        var trainer = new Trainer(model);
        trainer.TrainStep(points, labels);
        model.Freeze("0.weight");
        using var clone = model.Clone();
        var before = Blobs.State(model);
        Assert.Equal(before, Blobs.State(clone));
        Assert.Equal(model.ListState(), clone.ListState());
        Assert.Equal((model.Seed, model.DType, model.Device, true), (clone.Seed, clone.DType, clone.Device, clone.IsCompiled));

        new Trainer(clone).TrainStep(points, labels);
        Assert.Equal(before, Blobs.State(model));
        Assert.NotEqual(before, Blobs.State(clone));
        clone.Unfreeze();
        Assert.False(model.ListState()[0].Trainable);
        model.Dispose();
        Assert.Equal([32, 3], clone.Predict(points).Shape);
    }

    [Fact]
    public void With_the_optimizer_both_train_alike_without_it_as_if_just_compiled()
    {
        var (points, labels) = Blobs.Arrays();
        using var train = Dataset.FromArrays(points, labels);
        using var model = Blobs.Model(7, null, new Dropout(0.2));
        var options = new FitOptions { Epochs = 2, BatchSize = 16, Schedule = new ExponentialDecay(0.5) };
        var trainer = new Trainer(model);
        trainer.Fit(train, options);
        trainer.TrainStep(points, labels);
        using var same = model.Clone();
        using var fresh = model.Clone(withOptimizer: false);
        using var compiled = model.Clone();
        compiled.Compile(new Adam(0.02), Loss.CrossEntropy(), [Metric.Accuracy()]);
        Assert.Equal((trainer.LearningRate, 2), (new Trainer(same).LearningRate, new Trainer(same).CompletedEpochs));
        Assert.Equal((0.02, 0), (new Trainer(fresh).LearningRate, new Trainer(fresh).CompletedEpochs));

        foreach (var one in new[] { model, same, fresh, compiled })
            new Trainer(one).Fit(train, options);
        Assert.Equal(Blobs.State(model), Blobs.State(same));
        Assert.Equal(Blobs.State(compiled), Blobs.State(fresh));
        Assert.NotEqual(Blobs.State(model), Blobs.State(fresh));
        new Trainer(model).TrainStep(points, labels);
        new Trainer(same).TrainStep(points, labels);
        Assert.Equal(Blobs.State(model), Blobs.State(same));
    }

    [Fact]
    public void What_is_not_built_or_not_compiled_is_cloned_as_it_is()
    {
        using var bare = new Sequential(new Linear(2, 3));
        using var also = bare.Clone();
        Assert.False(also.IsBuilt);
        also.Add(new ReLU());
        Assert.Equal((1, 2), (bare.Count, also.Count));
        bare.Build(seed: 4, dtype: DType.Float64);
        using var built = bare.Clone();
        Assert.Equal((true, false, DType.Float64), (built.IsBuilt, built.IsCompiled, built.DType));
        Assert.Equal(Blobs.State(bare), Blobs.State(built));
        bare.Dispose();
        Assert.Throws<ObjectDisposedException>(() => bare.Clone());
    }

    [Fact]
    public void Info_counts()
    {
        using var model = new Sequential(
            new Linear(784, 256), new ReLU(), new BatchNorm1d(256), new Dropout(0.2), new Linear(256, 10) { Name = "head" });
        Assert.Throws<InvalidOperationException>(() => model.Info());
        model.Build();
        Assert.Equal((false, null, null), (model.Info().IsCompiled, model.Info().Loss, model.Info().LearningRate));
        var (loss, optimizer) = (Loss.CrossEntropy(), new Adam(0.003));
        model.Compile(optimizer, loss);
        model.Freeze("head");
        const long trained = (784 * 256) + 256 + 256 + 256;
        const long parameters = trained + (256 * 10) + 10;
        var info = model.Info();
        Assert.Equal(("Sequential", 5, 1), (info.Type, info.Layers, info.FrozenLayers));
        Assert.Equal((parameters, trained, 256 + 256 + 1), (info.Parameters, info.TrainableParameters, info.Buffers));
        Assert.Equal((4 * trained, 0, 0.003, 0), (info.GradientBytes, info.OptimizerBytes, info.LearningRate, info.CompletedEpochs));
        Assert.Equal((loss, optimizer, DType.Float32), (info.Loss, info.Optimizer, info.DType));
        Assert.StartsWith("cpu", info.Device);
        Assert.Equal(model.Summary().Bytes, info.Bytes);

        new Trainer(model).TrainStep(new float[4, 784], new long[4]);
        Assert.Equal(2 * 4 * trained, model.Info().OptimizerBytes);
    }
}
