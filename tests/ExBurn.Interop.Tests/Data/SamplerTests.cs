using ExBurn.Tests.Training;

namespace ExBurn.Tests.Data;

public sealed class SamplerTests
{
    /// <summary>What training sees: with MSE, a model that is frozen to 0, and target = row number, a batch's loss is the square of its row.</summary>
    private static List<int> Drawn(int rows, FitOptions options, Func<int, int>? classOf = null)
    {
        var numbers = Enumerable.Range(0, rows).Select(i => (float)i).ToArray();
        using var model = new Sequential(new Linear(1, 1) { Bias = false });
        model.Compile(new SGD(0), Loss.MeanSquaredError());
        using var data = Dataset.FromArrays(
            [new(new TensorView(new float[rows], [rows, 1]))],
            classOf is null ? [new(new TensorView(numbers, [rows, 1]))] : [new(new TensorView([.. Enumerable.Range(0, rows).Select(classOf)], [rows, 1]))]);
        var seen = new Rows();
        new Trainer(model).Fit(data, options with { BatchSize = 1, Callbacks = [seen] });
        return seen.Drawn;
    }

    private sealed class Rows : Callback
    {
        public List<int> Drawn { get; } = [];

        public override void OnBatchEnd(TrainingContext context, in BatchResult batch) => Drawn.Add((int)Math.Round(Math.Sqrt(batch.Loss)));
    }

    [Fact]
    public void Sequential_and_random()
    {
        Assert.Equal(Enumerable.Range(0, 20), Drawn(20, new() { Sampler = Sampler.Sequential() }));
        var random = Drawn(20, new() { Sampler = Sampler.Random(), Epochs = 2, Seed = 4 });
        Assert.Equal(Enumerable.Range(0, 20), random.Take(20).Order());
        Assert.NotEqual(random.Take(20), random.Skip(20));
        Assert.Equal(random, Drawn(20, new() { Epochs = 2, Seed = 4 }));
    }

    /// <summary>Chi-square of 4 classes, 3 degrees of freedom: above 21.1 once in 10 000.</summary>
    [Fact]
    public void Weighted_draws_follow_the_weights()
    {
        double[] weights = [1, 2, 0, 5, 2];
        var drawn = Drawn(5, new() { Sampler = Sampler.Weighted(weights, samples: 2000), Seed = 1 });
        Assert.Equal(2000, drawn.Count);
        Assert.DoesNotContain(2, drawn);
        var square = 0.0;
        for (var row = 0; row < 5; row++)
        {
            var expected = 2000 * weights[row] / 10;
            if (expected > 0)
                square += Math.Pow(drawn.Count(d => d == row) - expected, 2) / expected;
        }
        Assert.True(square < 21.1, $"chi-square {square}");
    }

    [Fact]
    public void Without_replacement_no_row_comes_twice_and_heavy_ones_come_first()
    {
        double[] weights = [1, 1, 1, 1000, 0];
        var first = 0;
        for (var seed = 0; seed < 20; seed++)
        {
            var drawn = Drawn(5, new() { Sampler = Sampler.Weighted(weights, 4, replacement: false), Seed = seed });
            Assert.Equal([0, 1, 2, 3], drawn.Order());
            first += drawn[0] == 3 ? 1 : 0;
        }
        // Each run has it first with probability 1000 / 1003.
        Assert.InRange(first, 18, 20);
    }

    [Fact]
    public void Stratified_batches_hold_each_class_in_its_share()
    {
        using var data = Dataset.FromArrays(new float[40, 2], Enumerable.Range(0, 40).Select(i => i < 30 ? 0 : 1).ToArray());
        using var model = new Sequential(new Linear(2, 2));
        model.Compile(new SGD(0), Loss.CrossEntropy(), [Metric.Accuracy()]);
        // Logits of 0 and the bias decide for one class: the accuracy of a batch is that class's share.
        var shares = new Shares();
        new Trainer(model).Fit(data, new() { BatchSize = 4, Sampler = Sampler.Stratified(), Callbacks = [shares] });
        // 3 of class 0 and 1 of class 1 in 4, give or take one.
        var ofFirst = shares.Rights.Average() > 2 ? shares.Rights : [.. shares.Rights.Select(right => 4 - right)];
        Assert.All(ofFirst, count => Assert.InRange(count, 2, 4));
        Assert.Equal(30, ofFirst.Sum());
        Assert.Equal(10, shares.Rights.Count);
    }

    private sealed class Shares : Callback
    {
        private double _before;

        public List<double> Rights { get; } = [];

        public override void OnBatchEnd(TrainingContext context, in BatchResult batch)
        {
            var right = batch.Metrics["accuracy"] * batch.Samples;
            Rights.Add(Math.Round(right - _before));
            _before = right;
        }
    }

    [Fact]
    public void Balanced_draws_have_all_classes_alike()
    {
        // 90 rows of class 0 and 10 of class 3, which the loss shows: each comes with probability 1/2; five standard deviations of 2000 draws.
        var drawn = Drawn(100, new() { Sampler = Sampler.Balanced(samples: 2000) }, row => row < 90 ? 0 : 3);
        Assert.Equal(2000, drawn.Count);
        Assert.InRange(drawn.Count(value => value == 3), 1000 - 112, 1000 + 112);
    }

    [Fact]
    public void Bad_samplers_are_errors()
    {
        using var data = Blobs.Dataset(10);
        using var model = Blobs.Model();
        var trainer = new Trainer(model);
        Assert.Throws<ArgumentException>(() => trainer.Fit(data, new() { Sampler = Sampler.Weighted([1.0, 2.0]) }));
        Assert.Throws<ArgumentException>(() => trainer.Fit(data, new() { Sampler = Sampler.Weighted(new double[10]) }));
        Assert.Throws<ArgumentException>(() => trainer.Fit(data, new() { Sampler = Sampler.Weighted([1, 1, 0, 0, 0, 0, 0, 0, 0, 0.0], 3, replacement: false) }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Sampler.Weighted([1.0, -1.0]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Sampler.Weighted([1.0, double.NaN]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Sampler.Weighted([]));
        Assert.Throws<NameNotFoundException>(() => trainer.Fit(data, new() { Sampler = Sampler.Stratified(1) }));
        Assert.Throws<ArgumentException>(() => trainer.Fit(data, new() { Sampler = Sampler.Weighted(Enumerable.Repeat(1.0, 10).ToArray(), 3), BatchSize = 4, DropLast = true }));
    }

    [Fact]
    public void A_validation_split_takes_the_end_of_the_data()
    {
        using var data = Blobs.Dataset(50);
        using var first = data.Take(40);
        using var last = data.Skip(40);
        using var a = Blobs.Model();
        using var b = Blobs.Model();
        var split = new Trainer(a).Fit(data, new() { ValidationSplit = 0.2, Epochs = 2 });
        var given = new Trainer(b).Fit(first, new() { Validation = last, Epochs = 2 });
        Assert.Equal(40, split.Epochs[0].Samples);
        Assert.Equal(10, split.Epochs[0].Validation!.Samples);
        Assert.Equal(given.Epochs.Select(epoch => epoch.Validation!.Loss), split.Epochs.Select(epoch => epoch.Validation!.Loss));
        Assert.Equal(Blobs.State(b), Blobs.State(a));

        var random = new Trainer(a).Fit(data, new() { ValidationSplit = 0.1, ValidationSplitKind = SplitKind.Stratified });
        Assert.Equal((45L, 5L), (random.Epochs[0].Samples, random.Epochs[0].Validation!.Samples));
        Assert.Throws<ArgumentException>(() => new Trainer(a).Fit(data, new() { ValidationSplit = 0.2, Validation = last }));
        Assert.Throws<ArgumentException>(() => new Trainer(a).Fit(data, new() { ValidationSplit = 0.999 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FitOptions { ValidationSplit = 1 });
    }
}
