using ExBurn.Tests.Layers;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Training;

/// <summary>Schedules, limits and the loop over epochs in real runs.</summary>
public sealed class ScheduleFitTests : IDisposable
{
    private readonly Sequential _model = Blobs.Model();
    private readonly Dataset _train = Blobs.Dataset();

    public void Dispose()
    {
        _model.Dispose();
        _train.Dispose();
    }

    [Fact]
    public void A_run_with_a_cosine_per_step_follows_PyTorch()
    {
        var one = ReferenceCases.Read("training.json").Single(one => one.GetProperty("name").GetString() == "mlp-sgd-cosine-clip");
        using var model = new Sequential([.. one.GetProperty("model").EnumerateArray().Select(layer => LayerCases.Make(layer)!)]);
        var options = one.GetProperty("optimizer").GetProperty("SGD");
        model.Compile(
            new SGD(options.GetProperty("lr").GetDouble())
            {
                Momentum = options.GetProperty("momentum").GetDouble(),
                Nesterov = options.GetProperty("nesterov").GetBoolean(),
                WeightDecay = options.GetProperty("weight_decay").GetDouble(),
            },
            Loss.CrossEntropy(), dtype: DType.Float64);
        model.SetState(LayerCases.State(one, "initial_state", DType.Float64));
        var (inputs, targets) = (ReferenceCases.Array(one.GetProperty("inputs")), ReferenceCases.Array(one.GetProperty("targets")));
        var rows = (int)inputs.Shape[0];
        using var data = Dataset.FromArrays(
            [LayerCases.Rows(inputs, 0, rows, DType.Float64)], [LayerCases.Rows(targets, 0, rows, DType.Float64)]);
        var (steps, batch) = (one.GetProperty("steps").GetInt32(), one.GetProperty("batch_size").GetInt32());
        var watch = new Recorder();
        new Trainer(model).Fit(data, new()
        {
            Epochs = steps * batch / rows,
            BatchSize = batch,
            Shuffle = false,
            ClipNorm = one.GetProperty("clip_global_norm").GetDouble(),
            // The case lists the rates alone; 0.001 is the least rate that gives them.
            Schedule = new CosineAnnealing(minRate: 0.001) { Interval = ScheduleInterval.Step },
            Callbacks = [watch],
        });
        Close.Check(Numbers("rates"), watch.Rates.ToArray(), 1e-9, 1e-12, "rates");
        Close.Check(Numbers("loss_curve"), watch.Losses.ToArray(), 1e-6, 1e-8, "losses");
        var state = model.GetState();
        foreach (var (name, expected) in ReferenceCases.Table(one, "final_state"))
            Close.Check(expected.Data, state[name].ToDoubles(), 1e-6, 1e-7, name);

        double[] Numbers(string key) => [.. one.GetProperty(key).EnumerateArray().Select(number => number.GetDouble())];
    }

    [Fact]
    public void A_schedule_per_epoch_begins_at_the_optimizers_rate()
    {
        var history = Fit(new() { Epochs = 4, Schedule = new EpochCosine(minRate: 0.002) });
        Close.Check(new EpochCosine(minRate: 0.002).Preview(0.02, 4), history.Epochs.Select(epoch => epoch.LearningRate).ToArray(), 1e-12, 0, "rates");
    }

    [Fact]
    public void Two_runs_go_on_with_one_schedule_and_its_state_fits_the_steps_made()
    {
        using var once = Blobs.Model();
        var schedule = new ExponentialDecay(0.8) { Interval = ScheduleInterval.Step };
        new Trainer(once).Fit(_train, new() { Epochs = 4, Schedule = schedule });
        Fit(new() { Epochs = 2, Schedule = schedule });
        Fit(new() { Epochs = 2, Schedule = new ExponentialDecay(0.8) { Interval = ScheduleInterval.Step } });
        Assert.Equal(Blobs.State(once), Blobs.State(_model));
        Assert.Equal(0.02 * Math.Pow(0.8, 12), new Trainer(_model).LearningRate, 1e-12);
        // Another schedule begins anew, at the optimizer's rate.
        Assert.Equal(0.02, Fit(new() { Schedule = new StepDecay(1) }).Epochs[0].LearningRate);
    }

    [Fact]
    public void A_stop_within_an_epoch_moves_the_schedule_by_the_steps_made()
    {
        var schedule = new ExponentialDecay(0.5) { Interval = ScheduleInterval.Step };
        Fit(new() { BatchSize = 10, Schedule = schedule, MaxSteps = 3 });
        Assert.Equal(0.02 / 8, new Trainer(_model).LearningRate, 1e-12);
    }

    [Fact]
    public void A_plateau_watches_the_loss_of_the_run()
    {
        // With a threshold of 1 no loss is ever better than the first.
        var history = Fit(new() { Epochs = 5, Schedule = new ReduceOnPlateau(0.5, patience: 1) { Threshold = 1 } });
        Assert.Equal([0.02, 0.02, 0.02, 0.01, 0.01], history.Epochs.Select(epoch => epoch.LearningRate));
        Assert.Throws<ArgumentException>(() => Fit(new() { Schedule = new ReduceOnPlateau { Interval = ScheduleInterval.Step } }));
        Assert.Single(Fit(new()).Epochs);
    }

    [Fact]
    public void A_callbacks_rate_is_gone_on_from()
    {
        var history = Fit(new() { Epochs = 3, Schedule = new ExponentialDecay(0.5), Callbacks = [new SetRate(1, 0.1)] });
        Assert.Equal([0.02, 0.1, 0.05], history.Epochs.Select(epoch => epoch.LearningRate));
    }

    [Fact]
    public void Steps_are_limited_over_the_whole_run()
    {
        var history = Fit(new() { Epochs = 9, BatchSize = 10, MaxSteps = 14 });
        Assert.Equal([10L, 4], history.Epochs.Select(epoch => epoch.Steps));
        Assert.Equal(40, history.Epochs[1].Samples);
        Assert.Equal(StopReason.StepLimit, history.StopReason);
        Assert.Throws<ArgumentOutOfRangeException>(() => new FitOptions { MaxSteps = 0 });
    }

    [Fact]
    public void Time_is_limited_within_an_epoch()
    {
        var history = Fit(new() { Epochs = 1_000_000, BatchSize = 1, TimeLimit = TimeSpan.FromMilliseconds(30) });
        Assert.Equal(StopReason.TimeLimit, history.StopReason);
        Assert.InRange(history.Duration, TimeSpan.FromMilliseconds(30), TimeSpan.FromSeconds(20));
        Assert.True(Fit(new() { BatchSize = 1, TimeLimit = TimeSpan.FromTicks(1) }).Epochs[0].Samples < 96);
        Assert.Throws<ArgumentOutOfRangeException>(() => new FitOptions { TimeLimit = TimeSpan.Zero });
    }

    [Fact]
    public void A_loss_that_is_not_finite_names_the_batch_and_zero_epochs_have_no_rate()
    {
        using var model = Blobs.Model(optimizer: new SGD(1e30));
        var error = Assert.Throws<NumericalException>(() => new Trainer(model).Fit(_train, new() { Epochs = 50, BatchSize = 8 }));
        Assert.Contains("batch", error.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Matches(@"\d", error.Message);
        Assert.Empty(Fit(new() { Epochs = 0, Schedule = new CosineAnnealing() }).Epochs);
    }

    [Fact]
    public async Task Epochs_come_one_by_one_and_the_model_is_free_between()
    {
        using var other = Blobs.Model();
        var expected = new Trainer(other).Fit(_train, new() { Epochs = 3, Schedule = new StepDecay(1, 0.5) });
        var trainer = new Trainer(_model);
        var seen = new List<EpochResult>();
        await foreach (var epoch in trainer.Epochs(_train, new() { Epochs = 3, Schedule = new StepDecay(1, 0.5) }))
        {
            seen.Add(epoch);
            Assert.Equal(96, trainer.Evaluate(_train).Samples);
            Assert.Equal(ErrorCode.Busy, Assert.Throws<ExBurnException>(() => trainer.Fit(_train)).ErrorCode);
        }
        Assert.Equal(expected.Losses, seen.Select(epoch => epoch.Loss));
        Assert.Single(trainer.Fit(_train).Epochs);
    }

    [Fact]
    public async Task Leaving_the_loop_ends_the_run_as_a_stop_does()
    {
        var end = new AtEnd();
        await foreach (var epoch in new Trainer(_model).Epochs(_train, new() { Epochs = 10, Callbacks = [end] }))
            if (epoch.Epoch == 2)
                break;
        Assert.Equal((2, StopReason.Callback), (end.History!.Epochs.Count, end.History.StopReason));
        Assert.Single(Fit(new()).Epochs);
    }

    [Fact]
    public async Task Errors_and_cancellation_come_out_of_the_loop()
    {
        var trainer = new Trainer(_model);
        Assert.Throws<ArgumentNullException>(() => trainer.Epochs(null!));
        using var source = new CancellationTokenSource();
        var end = new AtEnd();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in trainer.Epochs(_train, new() { Epochs = 10, Callbacks = [end] }, source.Token))
                await source.CancelAsync();
        });
        Assert.Null(end.History);
        Assert.Single(Fit(new()).Epochs);
    }

    private History Fit(FitOptions options) => new Trainer(_model).Fit(_train, options);

    private sealed class Recorder : Callback
    {
        public List<double> Rates { get; } = [];

        public List<double> Losses { get; } = [];

        public override void OnBatchEnd(TrainingContext context, in BatchResult batch)
        {
            Rates.Add(batch.LearningRate);
            Losses.Add(batch.Loss);
        }
    }

    private sealed class SetRate(int after, double rate) : Callback
    {
        public override void OnEpochEnd(TrainingContext context, EpochResult epoch)
        {
            if (epoch.Epoch == after)
                context.LearningRate = rate;
        }
    }

    private sealed class AtEnd : Callback
    {
        public History? History { get; private set; }

        public override void OnTrainEnd(TrainingContext context, History history) => History = history;
    }
}
