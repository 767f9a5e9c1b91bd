using ExBurn.Tests.Support;

namespace ExBurn.Tests.Training;

/// <summary>Averaged weights in runs, against their formula in double precision.</summary>
public sealed class AverageTests : IDisposable
{
    private readonly Dataset _train = Blobs.Dataset();
    private readonly Dataset _test = Blobs.Dataset(30, seed: 2);

    public void Dispose()
    {
        _train.Dispose();
        _test.Dispose();
    }

    [Theory]
    [InlineData(0.9, false, 1)]
    [InlineData(0.999, true, 1)]
    [InlineData(0.8, false, 4)]
    public void The_average_is_its_formula(double decay, bool warmup, int every)
    {
        using var model = Blobs.Model();
        var states = new EachStep();
        var trainer = new Trainer(model);
        trainer.Fit(_train, new() { Epochs = 2, BatchSize = 8, Ema = new WeightAverage(decay) { Warmup = warmup, Every = every }, Callbacks = [states] });
        Assert.Equal(24, states.States.Count);

        Dictionary<string, double[]>? expected = null;
        for (int i = every - 1, n = 0; i < states.States.Count; i += every, n++)
        {
            var keep = warmup ? Math.Min(decay, (1.0 + n) / (10.0 + n)) : decay;
            expected ??= states.States[i];
            expected = n == 0 ? expected : expected.ToDictionary(one => one.Key, one => one.Value.Zip(states.States[i][one.Key], (a, w) => (keep * a) + ((1 - keep) * w)).ToArray());
        }
        using (trainer.UseAveragedWeights())
            foreach (var (name, array) in model.GetState())
                Close.Check(expected![name], array.ToDoubles(), 1e-5, 1e-6, name);
        foreach (var (name, array) in model.GetState())
            Assert.Equal(states.States[^1][name], array.ToDoubles());
    }

    [Fact]
    public void They_can_be_evaluated_predicted_with_and_saved_but_not_trained()
    {
        using var folder = new TemporaryFolder();
        using var model = Blobs.Model();
        var trainer = new Trainer(model);
        Assert.Throws<InvalidOperationException>(() => trainer.UseAveragedWeights());
        trainer.Fit(_train, new() { Epochs = 3, BatchSize = 16, Ema = WeightAverage.Mean() });
        var (trained, loss) = (Blobs.State(model), trainer.Evaluate(_test).Loss);
        using (trainer.UseAveragedWeights())
        {
            Assert.NotEqual(loss, trainer.Evaluate(_test).Loss);
            model.Save(folder.File("averaged"));
            Assert.Throws<ArgumentException>(() => trainer.Fit(_train));
            Assert.Throws<ArgumentException>(() => trainer.SaveCheckpoint(folder.File("no")));
            Assert.Throws<InvalidOperationException>(() => trainer.UseAveragedWeights());
            model.To(Device.NdArray);
        }
        Assert.Equal(loss, trainer.Evaluate(_test).Loss, 1e-5);
        model.To(Device.Cpu);
        Assert.Equal(trained, Blobs.State(model));
        var averaged = trainer.UseAveragedWeights();
        using var other = Blobs.Model();
        other.Load(folder.File("averaged"));
        Assert.Equal(Blobs.State(other), Blobs.State(model));
        // Compiling drops them; what was used is put back before.
        model.Compile(new Adam(), Loss.CrossEntropy());
        Assert.Equal(trained, Blobs.State(model));
        averaged.Dispose();
        Assert.Throws<InvalidOperationException>(() => trainer.UseAveragedWeights());
    }

    [Fact]
    public void Validation_judges_them_and_the_best_are_averaged()
    {
        using var folder = new TemporaryFolder();
        using var model = Blobs.Model();
        var trainer = new Trainer(model);
        var best = new Checkpoint(folder.Path, every: 0, keepBest: true);
        var options = new FitOptions { BatchSize = 16, Validation = _test, Ema = new WeightAverage(0.95), Callbacks = [best] };
        var judged = trainer.Fit(_train, options).Epochs[0].Validation!.Loss;
        var plain = trainer.Evaluate(_test, batchSize: 16).Loss;
        using (trainer.UseAveragedWeights())
            Assert.Equal(judged, trainer.Evaluate(_test, batchSize: 16).Loss);
        Assert.NotEqual(plain, judged);
        using var other = Blobs.Model();
        other.Load(best.BestPath);
        Assert.Equal(judged, new Trainer(other).Evaluate(_test, batchSize: 16).Loss);
        var second = trainer.Fit(_train, options with { Ema = new WeightAverage(0.95) { Validate = false }, Callbacks = [] });
        Assert.Equal(trainer.Evaluate(_test, batchSize: 16).Loss, second.Epochs[0].Validation!.Loss);
    }

    [Fact]
    public void Options_are_checked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new WeightAverage(1.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WeightAverage(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new WeightAverage { Every = 0 });
        Assert.Equal((0.999, false, 1, false, true), (new WeightAverage().Decay, new WeightAverage().Warmup, new WeightAverage().Every, new WeightAverage().Buffers, new WeightAverage().Validate));
        Assert.Null(WeightAverage.Mean(3).Decay);
    }

    private sealed class EachStep : Callback
    {
        public List<Dictionary<string, double[]>> States { get; } = [];

        public override int? StepInterval => 1;

        public override void OnSteps(TrainingContext context) => States.Add(context.Model.GetState().ToDictionary(one => one.Key, one => one.Value.ToDoubles()));
    }
}
