using ExBurn.Tests.Support;

namespace ExBurn.Tests.Training;

/// <summary>Gradient checkpointing from C#: the same numbers as without it. The core's own tests compare all kinds of graphs.</summary>
public sealed class SegmentTests
{
    private static Sequential Model() => Blobs.Model(7, null, new BatchNorm1d(16), new Dropout(0.3), new Linear(16, 16), new Tanh());

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(100)]
    public void Runs_are_bit_for_bit_those_without(int segments)
    {
        using var data = Blobs.Dataset();
        var options = new FitOptions { Epochs = 3, BatchSize = 10, AccumulationSteps = 2, ClipNorm = 0.5, ClipValue = 0.1 };
        using var plain = Model();
        using var cut = Model();
        var expected = new Trainer(plain).Fit(data, options);
        var found = new Trainer(cut).Fit(data, options with { GradientCheckpointSegments = segments });
        Assert.Equal(expected.Losses, found.Losses);
        Assert.Equal(expected.Epochs.Select(epoch => epoch.GradientNorm), found.Epochs.Select(epoch => epoch.GradientNorm));
        Assert.Equal(Blobs.State(plain), Blobs.State(cut));
    }

    [Fact]
    public void Steps_gradients_and_profiles_take_it_too()
    {
        var (points, labels) = Blobs.Arrays(32);
        using var plain = Model();
        using var cut = Model();
        using var profiled = Model();
        using var halves = Model();
        var step = new Trainer(plain).TrainStep(points, labels);
        var options = new StepOptions { GradientCheckpointSegments = 3 };
        Assert.Equal(step.Loss, new Trainer(cut).TrainStep(points, labels, options).Loss);
        Assert.Equal(step.Loss, new Trainer(profiled).ProfileStep(points, labels, options).Result.Loss);
        var trainer = new Trainer(halves);
        using var gradients = trainer.ComputeGradients(points, labels, new GradientOptions { GradientCheckpointSegments = 4 });
        trainer.ApplyGradients(gradients);
        Assert.Equal(Blobs.State(plain), Blobs.State(cut));
        Assert.Equal(Blobs.State(plain), Blobs.State(profiled));
        Assert.Equal(Blobs.State(plain), Blobs.State(halves));
    }

    /// <summary>On a GPU too, where sums may be made in another order; norms of the gradients besides.</summary>
    [Fact]
    public void On_the_GPU_gradients_agree_to_rounding()
    {
        if (!Gpu.IsPresent)
            return;
        var (points, labels) = Blobs.Arrays(32);
        using var model = Model();
        model.To(Device.Gpu());
        using var copy = model.Clone();
        var (one, two) = (new Trainer(model), new Trainer(copy));
        using var whole = one.ComputeGradients(points, labels);
        using var cut = two.ComputeGradients(points, labels, new GradientOptions { GradientCheckpointSegments = 3 });
        foreach (var name in whole.Names)
            Close.Check(whole[name].ToDoubles(), cut[name].ToDoubles(), 1e-5, 1e-6, name);
        var step = new StepOptions { MeasureGradients = true, GradientCheckpointSegments = 3 };
        one.ApplyGradients(whole);
        two.ApplyGradients(cut);
        using var next = one.ComputeGradients(points, labels);
        Close.Check([next.Norm()], [two.TrainStep(points, labels, step).GradientNorm], 1e-5, 0, "norm");
    }

    [Fact]
    public void Fewer_than_one_segment_is_an_error()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new FitOptions { GradientCheckpointSegments = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new StepOptions { GradientCheckpointSegments = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new GradientOptions { GradientCheckpointSegments = -1 });
    }

    /// <summary>AxonML's numbers.</summary>
    [Fact]
    public void Estimates_of_memory()
    {
        Assert.Equal((1200, 300), ActivationMemory.Estimate(12, 4, 100));
        Assert.Equal((1000, 400), ActivationMemory.Estimate(10, 3, 100));
        Assert.Equal((1200, 100), ActivationMemory.Estimate(12, 50, 100));
        Assert.Equal(0, ActivationMemory.SuggestSegments(10, 100, 2000));
        Assert.Equal(3, ActivationMemory.SuggestSegments(12, 100, 400));
        Assert.Equal(12, ActivationMemory.SuggestSegments(12, 100, 50));
        Assert.Equal(0, ActivationMemory.SuggestSegments(10, 100, 1000));
        Assert.Throws<ArgumentOutOfRangeException>(() => ActivationMemory.Estimate(0, 1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => ActivationMemory.Estimate(1, 0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => ActivationMemory.Estimate(1, 1, double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => ActivationMemory.SuggestSegments(1, 1, 0));
    }
}
