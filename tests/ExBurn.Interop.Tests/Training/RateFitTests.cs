using ExBurn.Tests.Support;

namespace ExBurn.Tests.Training;

/// <summary>Rates that callbacks set within an epoch, and schedules of parameter groups.</summary>
public sealed class RateFitTests : IDisposable
{
    private readonly Dataset _train = Blobs.Dataset();

    public void Dispose() => _train.Dispose();

    [Fact]
    public void A_rate_set_within_an_epoch_holds_from_the_next_step()
    {
        // Twelve steps an epoch, two batches to a step.
        var rates = Rates(new() { BatchSize = 4, AccumulationSteps = 2, Callbacks = [new SetAt(6, 0.1)] });
        Assert.Equal([.. Enumerable.Repeat(0.02, 6), .. Enumerable.Repeat(0.1, 18)], rates);
    }

    [Fact]
    public void A_schedule_goes_on_from_a_rate_set_within_an_epoch()
    {
        var halving = new ExponentialDecay(0.5) { Interval = ScheduleInterval.Step };
        var rates = Rates(new() { Epochs = 2, BatchSize = 24, Schedule = halving, Callbacks = [new SetAt(2, 0.64)] });
        Close.Check([0.02, 0.01, 0.64, 0.32, 0.16, 0.08, 0.04, 0.02], rates.ToArray(), 1e-12, 0, "rates");
        // After the last batch of an epoch too.
        rates = Rates(new() { Epochs = 2, BatchSize = 24, Schedule = halving, Callbacks = [new SetAt(4, 0.64)] });
        Close.Check([0.02, 0.01, 0.005, 0.0025, 0.64, 0.32, 0.16, 0.08], rates.ToArray(), 1e-12, 0, "rates");
        rates = Rates(new() { Epochs = 3, BatchSize = 48, Schedule = new ExponentialDecay(0.5), Callbacks = [new SetAt(1, 0.64)] });
        Close.Check([0.02, 0.64, 0.32, 0.32, 0.16, 0.16], rates.ToArray(), 1e-12, 0, "rates");
    }

    [Fact]
    public void A_rate_set_within_an_epoch_is_the_rate_of_the_steps()
    {
        using var set = Blobs.Model(optimizer: new SGD(0.1) { Momentum = 0.9 });
        using var planned = Blobs.Model(optimizer: new SGD(0.1) { Momentum = 0.9 });
        new Trainer(set).Fit(_train, new() { BatchSize = 24, Callbacks = [new SetAt(2, 0.025)] });
        new Trainer(planned).Fit(_train, new() { BatchSize = 24, Schedule = new StepDecay(2, 0.25) { Interval = ScheduleInterval.Step } });
        Assert.Equal(Blobs.State(planned), Blobs.State(set));
    }

    [Fact]
    public void A_group_moves_by_its_own_schedule()
    {
        // Two models whose parameters do not meet: the layers of one net, each under what the other group has.
        var (fast, slow) = (new ExponentialDecay(0.5), new StepDecay(3, 0.1) { Interval = ScheduleInterval.Step });
        using var grouped = Blobs.Model(optimizer: new SGD(0.1) { Groups = [new ParameterGroup("0") { LearningRate = 0.2, Schedule = slow }] });
        var log = new Steps();
        new Trainer(grouped).Fit(_train, new() { Epochs = 3, BatchSize = 24, Shuffle = false, Schedule = fast, Callbacks = [log] });

        // The recurrence by hand, with the gradients that a step of rate 1 shows.
        using var hand = Blobs.Model(optimizer: new SGD(1));
        var trainer = new Trainer(hand);
        var (points, labels) = Blobs.Arrays();
        for (var step = 0; step < 12; step++)
        {
            var before = hand.GetState();
            var rows = Enumerable.Range(step % 4 * 24, 24).ToArray();
            trainer.TrainStep(
                new TensorView(rows.SelectMany(row => new[] { points[row, 0], points[row, 1] }).ToArray(), [24, 2]), new TensorView(rows.Select(row => labels[row]).ToArray(), [24]));
            var after = hand.GetState();
            var (common, first) = (0.1 * Math.Pow(0.5, step / 4), 0.2 * Math.Pow(0.1, step / 3));
            hand.SetState(before.ToDictionary(one => one.Key, one => new TensorData(new TensorView(
                one.Value.ToSingles().Zip(after[one.Key].ToSingles(), (w, moved) => (float)(w + ((one.Key[0] == '0' ? first : common) * (moved - w)))).ToArray(), one.Value.Shape))));
        }
        foreach (var (name, array) in hand.GetState())
            Close.Check(array.ToDoubles(), grouped.GetState()[name].ToDoubles(), 1e-4, 1e-5, name);
        Assert.Equal([0.1, 0.05, 0.025], log.Rates);
    }

    [Fact]
    public void Groups_without_a_schedule_keep_their_proportion()
    {
        ParameterGroup[] half = [new("0") { LearningRate = 0.01 }];
        using var one = Blobs.Model(optimizer: new SGD(0.1) { Groups = [.. half] });
        // A second group with a constant schedule makes every rate travel.
        using var two = Blobs.Model(optimizer: new SGD(0.1) { Groups = [.. half, new ParameterGroup("2.bias") { Schedule = new ExponentialDecay(0.5) }] });
        foreach (var model in new[] { one, two })
            new Trainer(model).Fit(_train, new() { Epochs = 2, BatchSize = 24, Schedule = new ExponentialDecay(0.5) });
        Assert.Equal(Blobs.State(one), Blobs.State(two));
    }

    [Fact]
    public void Only_optimizers_with_a_momentum_are_cycled()
    {
        using var adagrad = Blobs.Model(optimizer: new Adagrad(0.1));
        var error = Assert.Throws<ArgumentException>(() => new Trainer(adagrad).Fit(_train, new() { Schedule = new OneCycle(0.1) }));
        Assert.Contains("OneCycle moves the momentum, and Adagrad has none", error.Message, StringComparison.Ordinal);
        new Trainer(adagrad).Fit(_train, new() { Schedule = new OneCycle(0.1) { CycleMomentum = false } });
        // A group of another optimizer keeps its own.
        using var mixed = Blobs.Model(optimizer: new Adam(0.1) { Groups = [new ParameterGroup(new Adagrad(0.1), "0")] });
        new Trainer(mixed).Fit(_train, new() { Schedule = new OneCycle(0.1) });
        using var wrong = Blobs.Model(optimizer: new Adam(0.1) { Groups = [new ParameterGroup(new Adagrad(0.1), "0") { Schedule = new Cyclic(0.1, 0.2) }] });
        Assert.Throws<ArgumentException>(() => new Trainer(wrong).Fit(_train, new()));
    }

    /// <summary>The rate of each batch's step.</summary>
    private List<double> Rates(FitOptions options)
    {
        using var model = Blobs.Model();
        var log = new Steps();
        new Trainer(model).Fit(_train, options with { Shuffle = false, Callbacks = [.. options.Callbacks, log] });
        return log.Batches;
    }

    private sealed class SetAt(int batch, double rate) : Callback
    {
        private int _seen;

        public override void OnBatchEnd(TrainingContext context, in BatchResult result)
        {
            if (++_seen == batch)
                context.LearningRate = rate;
        }
    }

    private sealed class Steps : Callback
    {
        public List<double> Batches { get; } = [];

        public List<double> Rates { get; } = [];

        public override void OnBatchEnd(TrainingContext context, in BatchResult batch) => Batches.Add(batch.LearningRate);

        public override void OnEpochEnd(TrainingContext context, EpochResult epoch) => Rates.Add(epoch.LearningRate);
    }
}
