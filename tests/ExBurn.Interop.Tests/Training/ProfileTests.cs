using System.Diagnostics;

namespace ExBurn.Tests.Training;

/// <summary>Where time goes: profiles of steps, benchmarks.</summary>
public sealed class ProfileTests
{
    [Fact]
    public void A_profiled_step_is_a_step()
    {
        var (points, labels) = Blobs.Arrays(32);
        using var plain = Blobs.Model(7, null, new BatchNorm1d(16), new Dropout(0.2));
        using var profiled = Blobs.Model(7, null, new BatchNorm1d(16), new Dropout(0.2));
        var (one, two) = (new Trainer(plain), new Trainer(profiled));
        for (var i = 0; i < 3; i++)
        {
            var step = one.TrainStep(points, labels, new() { ClipNorm = 0.5 });
            var profile = two.ProfileStep(points, labels, new() { ClipNorm = 0.5 });
            Assert.Equal((step.Loss, step.GradientNorm, step.Samples), (profile.Result.Loss, profile.Result.GradientNorm, profile.Result.Samples));
        }
        Assert.Equal(32, two.ProfileStep([new(points)], [new TensorData(labels)]).Result.Samples);
        one.TrainStep(points, labels);
        Assert.Equal(Blobs.State(plain), Blobs.State(profiled));
    }

    [Fact]
    public void The_parts_are_within_the_whole_and_weigh_as_they_should()
    {
        using var model = new Sequential(new Linear(512, 1024), new ReLU(), new Linear(1024, 512));
        model.Compile(new Adam(1e-3), Loss.MeanSquaredError(), seed: 1);
        var trainer = new Trainer(model);
        var (x, y) = (new float[256, 512], new float[256, 512]);
        for (var i = 0; i < 3; i++)
            trainer.TrainStep(x, y);
        var profiles = new List<StepProfile>();
        for (var i = 0; i < 7; i++)
        {
            var watch = Stopwatch.StartNew();
            var profile = trainer.ProfileStep(x, y);
            Assert.True(profile.Total <= watch.Elapsed, $"{profile} in {watch.Elapsed}");
            Assert.All([profile.Data, profile.Forward, profile.Backward, profile.Optimizer], part => Assert.True(part > TimeSpan.Zero));
            profiles.Add(profile);
        }
        // The backward pass multiplies three matrices of the size of which the forward pass multiplies two; the data are only copied.
        TimeSpan Least(Func<StepProfile, TimeSpan> part) => profiles.Min(part);
        Assert.True(Least(p => p.Backward) > 0.8 * Least(p => p.Forward), profiles[^1].ToString());
        Assert.True(Least(p => p.Data) < Least(p => p.Backward), profiles[^1].ToString());
    }

    [Fact]
    public void A_failed_profile_changes_nothing()
    {
        var (points, labels) = Blobs.Arrays(8);
        using var model = Blobs.Model();
        var before = Blobs.State(model);
        var trainer = new Trainer(model);
        Assert.Throws<ShapeMismatchException>(() => trainer.ProfileStep(new float[8, 3], labels));
        points[3, 1] = float.PositiveInfinity;
        Assert.Throws<NumericalException>(() => trainer.ProfileStep(points, labels));
        Assert.Equal(before, Blobs.State(model));
    }

    [Fact]
    public void Figures_of_a_benchmark_are_those_of_its_times()
    {
        var result = BenchmarkResult.Of([0.004, 0.001, 0.003, 0.002], 2, 10);
        Assert.Equal((4, 2, 10L), (result.Runs, result.WarmUp, result.BatchSize));
        Assert.Equal((1, 2.5, 4, 4, 2.5), (result.Min.TotalMilliseconds, result.Median.TotalMilliseconds,
            result.Percentile95.TotalMilliseconds, result.Max.TotalMilliseconds, result.Mean.TotalMilliseconds));
        Assert.Equal(Math.Sqrt(1.25), result.StandardDeviation.TotalMilliseconds, 4);
        Assert.Equal(4000, result.SamplesPerSecond, 6);
        // Nearest rank: of 100 values the 95th, of 20 the 19th.
        Assert.Equal(95, BenchmarkResult.Of([.. Enumerable.Range(1, 100).Select(i => i / 1000.0)], 0, 1).Percentile95.TotalMilliseconds);
        Assert.Equal(19, BenchmarkResult.Of([.. Enumerable.Range(1, 20).Select(i => i / 1000.0)], 0, 1).Percentile95.TotalMilliseconds);
        Assert.Equal(3, BenchmarkResult.Of([0.003], 0, 1).Median.TotalMilliseconds);
    }

    [Fact]
    public void Benchmarks_time_and_change_nothing()
    {
        var (points, labels) = Blobs.Arrays(8);
        using var model = Blobs.Model(7, null, new BatchNorm1d(16));
        var trainer = new Trainer(model);
        trainer.TrainStep(points, labels);
        var before = Blobs.State(model);
        var options = new BenchmarkOptions { WarmUp = 1, Runs = 5 };
        var watch = Stopwatch.StartNew();
        var steps = trainer.Benchmark(points, labels, options);
        Assert.Equal((5, 1, 8L), (steps.Runs, steps.WarmUp, steps.BatchSize));
        Assert.InRange(steps.Min, TimeSpan.FromTicks(1), steps.Median);
        Assert.InRange(steps.Max, steps.Percentile95, watch.Elapsed);

        Assert.Equal(8, model.Benchmark(points, options).BatchSize);
        Assert.Equal(4, model.Benchmark(4, options).BatchSize);
        using var predictor = model.CreatePredictor();
        Assert.True(predictor.Benchmark(4).SamplesPerSecond > 0);
        Assert.Equal(before, Blobs.State(model));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Benchmark(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BenchmarkOptions { Runs = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new BenchmarkOptions { WarmUp = -1 });
        Assert.Throws<ShapeMismatchException>(() => model.Benchmark(new float[2, 3]));
        using var open = new Sequential(new Flatten(), new Linear(4, 2));
        open.Build();
        Assert.Throws<InvalidOperationException>(() => open.Benchmark(4));
    }
}
