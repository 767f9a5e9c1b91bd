using ExBurn.Tests.Support;

namespace ExBurn.Tests.Training;

/// <summary>The manual loop.</summary>
public sealed class StepTests
{
    [Fact]
    public void Steps_by_hand_equal_Fit()
    {
        var (points, labels) = Blobs.Arrays(32);
        using var data = Dataset.FromArrays(points, labels);
        using var fitted = Blobs.Model();
        using var stepped = Blobs.Model();
        var history = new Trainer(fitted).Fit(data, new() { BatchSize = 32, Shuffle = false, Epochs = 3, ClipNorm = 0.5 });
        var trainer = new Trainer(stepped);
        foreach (var epoch in history.Epochs)
        {
            var step = trainer.TrainStep(points, labels, new() { ClipNorm = 0.5 });
            Assert.Equal((epoch.Loss, epoch.GradientNorm, 32L), (step.Loss, step.GradientNorm, step.Samples));
            Assert.Equal(epoch.Metrics["accuracy"], step.Metrics["accuracy"]);
        }
        Assert.Equal(Blobs.State(fitted), Blobs.State(stepped));
        Assert.Equal(trainer.Evaluate(data).Loss, trainer.EvaluateStep(points, labels).Loss, 1e-12);
        Assert.Equal(trainer.EvaluateStep(points, labels).Loss, trainer.EvaluateStep([new(points)], [new TensorData(labels)]).Loss);
        Assert.Equal(32, trainer.TrainStep([new(points)], [new TensorData(labels)]).Samples);
    }

    [Fact]
    public void A_step_allocates_nothing_managed()
    {
        using var model = Blobs.Model();
        var trainer = new Trainer(model);
        var values = new float[64 * 2];
        var labels = new long[64];
        Shape shape = [64, 2], rows = [64];
        var scores = new float[64 * 3];
        for (var i = 0; i < 5; i++)
            Round();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            Round();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Round()
        {
            trainer.TrainStep(new(values, shape), new(labels, rows));
            trainer.EvaluateStep(new(values, shape), new(labels, rows));
            model.Predict(new TensorView(values, shape), scores);
        }
    }

    [Fact]
    public void Batches_that_nobody_listens_to_cost_no_managed_memory()
    {
        using var model = Blobs.Model();
        using var train = Blobs.Dataset();
        var trainer = new Trainer(model);
        long Cost(int batch)
        {
            var options = new FitOptions { BatchSize = batch };
            trainer.Fit(train, options);
            var before = GC.GetAllocatedBytesForCurrentThread();
            trainer.Fit(train, options);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Assert.Equal(Cost(96), Cost(1));
    }
}
