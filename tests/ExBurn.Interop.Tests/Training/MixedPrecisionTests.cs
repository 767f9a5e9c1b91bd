using ExBurn.Tests.Support;

namespace ExBurn.Tests.Training;

/// <summary>Training with layers that compute in 16 bits.</summary>
public sealed class MixedPrecisionTests
{
    [Theory]
    [InlineData(Precision.Float16Mixed)]
    [InlineData(Precision.BFloat16Mixed)]
    public void Losses_are_those_of_single_precision_within_two_percent(Precision precision)
    {
        using var data = Blobs.Dataset();
        double[] Losses(Precision one)
        {
            using var model = Blobs.Model();
            return [.. new Trainer(model).Fit(data, new FitOptions { Epochs = 6, BatchSize = 8, Precision = one }).Epochs.Select(epoch => epoch.Loss)];
        }
        var (single, mixed) = (Losses(Precision.Float32), Losses(precision));
        Assert.True(single[5] < 0.5 * single[0]);
        Assert.NotEqual(single, mixed);
        Close.Check(single, mixed, 0.02, 0, "loss");
    }

    [Fact]
    public void Float16_scales_the_loss_by_itself_and_says_so()
    {
        using var data = Blobs.Dataset();
        using var model = Blobs.Model();
        var batches = new List<BatchResult>();
        var history = new Trainer(model).Fit(data, new FitOptions
        {
            Epochs = 2,
            BatchSize = 16,
            Precision = Precision.Float16Mixed,
            LossScaling = new LossScaling { InitialScale = Math.Pow(2, 40), GrowthInterval = 4 },
            Callbacks = [new Listener(batches)],
        });
        var first = history.Epochs[0];
        Assert.True(first.SkippedSteps > 0);
        Assert.Equal(6, first.Steps + first.SkippedSteps);
        Assert.Equal(first.LossScale, batches[5].LossScale);
        Assert.Equal(first.SkippedSteps, batches[5].SkippedSteps);
        // The first scales overflow, each is half of the one before.
        Assert.Equal(Math.Pow(2, 39), batches[0].LossScale);
        Assert.Equal(1, batches[0].SkippedSteps);

        using var other = Blobs.Model();
        var options = new FitOptions { Precision = Precision.Float16Mixed };
        Assert.Equal(new LossScaling(), options.LossScaling);
        Assert.Equal(65536, new Trainer(other).Fit(data, options).Epochs[0].LossScale);
        using var brain = Blobs.Model();
        Assert.Equal(double.NaN, new Trainer(brain).Fit(data, new FitOptions { Precision = Precision.BFloat16Mixed }).Epochs[0].LossScale);
        using var none = Blobs.Model();
        Assert.Equal(double.NaN, new Trainer(none).Fit(data, options with { LossScaling = LossScaling.None }).Epochs[0].LossScale);
    }

    [Fact]
    public void A_skipped_step_leaves_weights_optimizer_schedule_and_count_as_they_are()
    {
        using var data = Blobs.Dataset(32);
        var rates = new List<double>();
        FitOptions Options(double scale, int epochs) => new()
        {
            Epochs = epochs,
            BatchSize = 32,
            Shuffle = false,
            Precision = Precision.Float16Mixed,
            LossScaling = new LossScaling { InitialScale = scale },
            Schedule = new StepDecay(1, 0.5) { Interval = ScheduleInterval.Step },
        };
        using var model = Blobs.Model(optimizer: new SGD(0.1) { Momentum = 0.9 });
        var before = Blobs.State(model);
        var trainer = new Trainer(model);
        var history = trainer.Fit(data, Options(Math.Pow(2, 100), 3));
        Assert.All(history.Epochs, epoch => Assert.Equal((0L, 1L), (epoch.Steps, epoch.SkippedSteps)));
        Assert.Equal(before, Blobs.State(model));
        Assert.Equal(0.1, trainer.LearningRate);

        using var fresh = Blobs.Model(optimizer: new SGD(0.1) { Momentum = 0.9 });
        new Trainer(fresh).Fit(data, Options(1024, 2));
        trainer.Fit(data, Options(1024, 2));
        Assert.Equal(Blobs.State(fresh), Blobs.State(model));
        Assert.Equal(0.025, trainer.LearningRate, 12);
    }

    [Fact]
    public void A_resumed_run_goes_on_with_the_scale_bit_for_bit()
    {
        using var folder = new TemporaryFolder();
        using var data = Blobs.Dataset();
        var options = new FitOptions
        {
            Epochs = 4,
            BatchSize = 16,
            Precision = Precision.Float16Mixed,
            LossScaling = new LossScaling { InitialScale = Math.Pow(2, 30), GrowthInterval = 3 },
        };
        using var whole = Blobs.Model();
        var expected = new Trainer(whole).Fit(data, options);

        using var first = Blobs.Model();
        var trainer = new Trainer(first);
        trainer.Fit(data, options with { Epochs = 2 });
        var path = folder.File("half.safetensors");
        trainer.SaveCheckpoint(path);
        using var second = Blobs.Model(seed: 99);
        var found = new Trainer(second).Fit(data, options with { ResumeFrom = path });
        Assert.Equal(expected.Epochs.Select(e => (e.Loss, e.LossScale, e.SkippedSteps, e.Steps)), found.Epochs.Select(e => (e.Loss, e.LossScale, e.SkippedSteps, e.Steps)));
        Assert.Equal(Blobs.State(whole), Blobs.State(second));
    }

    [Fact]
    public void Single_steps_and_profiles_are_mixed_too()
    {
        var (points, labels) = Blobs.Arrays(16);
        using var whole = Blobs.Model();
        using var profiled = Blobs.Model();
        var options = new StepOptions { Precision = Precision.Float16Mixed, LossScaling = new LossScaling { InitialScale = Math.Pow(2, 100), BackoffFactor = Math.Pow(2, -90) } };
        var skipped = new Trainer(whole).TrainStep(points, labels, options);
        Assert.True(skipped.IsSkipped);
        Assert.True(double.IsNaN(skipped.GradientNorm));
        var profile = new Trainer(profiled).ProfileStep(points, labels, options).Result;
        Assert.Equal((skipped.Loss, skipped.IsSkipped, skipped.LossScale), (profile.Loss, profile.IsSkipped, profile.LossScale));
        var made = new Trainer(whole).TrainStep(points, labels, options);
        Assert.False(made.IsSkipped);
        Assert.NotEqual(Blobs.State(profiled), Blobs.State(whole));
        using var single = Blobs.Model();
        Assert.NotEqual(new Trainer(single).TrainStep(points, labels).Loss, skipped.Loss);
    }

    /// <summary>A GPU computes products in 16 bits itself, where its driver has them; else it says so.</summary>
    [Fact]
    public void A_GPU_trains_in_the_types_that_it_has()
    {
        if (!Gpu.IsPresent)
            return;
        using var data = Blobs.Dataset();
        double Loss(Precision precision)
        {
            using var model = new Sequential(new Linear(2, 16), new ReLU(), new Linear(16, 3));
            model.Compile(new Adam(0.02), ExBurn.Loss.CrossEntropy(), device: Device.Gpu(), seed: 7);
            return new Trainer(model).Fit(data, new FitOptions { Epochs = 2, BatchSize = 32, Precision = precision }).Epochs[1].Loss;
        }
        var single = Loss(Precision.Float32);
        foreach (var (precision, type) in new[] { (Precision.Float16Mixed, DType.Float16), (Precision.BFloat16Mixed, DType.BFloat16) })
        {
            if (Device.Gpu().Info.HalfTypes.Contains(type))
                Assert.Equal(single, Loss(precision), 0.02 * single);
            else
                Assert.Throws<DTypeException>(() => Loss(precision));
        }
    }

    [Fact]
    public void Bad_input_is_refused()
    {
        var (points, labels) = Blobs.Arrays(16);
        Assert.Throws<ArgumentOutOfRangeException>(() => new FitOptions { Precision = (Precision)3 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new LossScaling { InitialScale = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new LossScaling { GrowthFactor = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new LossScaling { BackoffFactor = 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new LossScaling { GrowthInterval = 0 });
        using var model = new Sequential(new Linear(2, 3));
        model.Compile(new SGD(0.1), Loss.CrossEntropy(), dtype: DType.Float64);
        Assert.Throws<DTypeException>(() => new Trainer(model).TrainStep(points, labels, new() { Precision = Precision.BFloat16Mixed }));
        using var onOther = new Sequential(new Linear(2, 3));
        onOther.Compile(new SGD(0.1), Loss.CrossEntropy(), device: Device.NdArray);
        Assert.Empty(Device.NdArray.Info.HalfTypes);
        Assert.Throws<DTypeException>(() => new Trainer(onOther).TrainStep(points, labels, new() { Precision = Precision.Float16Mixed }));
        using var probabilities = new Sequential(new Linear(2, 1), new Sigmoid());
        probabilities.Compile(new SGD(0.1), Loss.BinaryCrossEntropy());
        var error = Assert.Throws<ExBurnException>(() => new Trainer(probabilities).TrainStep(points, new float[16, 1], new() { Precision = Precision.Float16Mixed }));
        Assert.Contains("BCEWithLogits", error.Message);
    }

    private sealed class Listener(List<BatchResult> batches) : Callback
    {
        public override void OnBatchEnd(TrainingContext context, in BatchResult batch) => batches.Add(batch);
    }
}
