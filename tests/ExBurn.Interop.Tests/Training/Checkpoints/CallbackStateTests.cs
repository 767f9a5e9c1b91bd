using ExBurn.Tests.Support;

namespace ExBurn.Tests.Training.Checkpoints;

/// <summary>What callbacks remember, pauses within epochs, and limits of runs that go on.</summary>
public sealed class CallbackStateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Dataset _train = Blobs.Dataset();

    public void Dispose()
    {
        _train.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_run_that_early_stopping_ended_stays_ended_and_gives_the_best_weights()
    {
        // Nothing is ever better than the first epoch.
        EarlyStopping Never(int patience) => new(patience, minDelta: 100, monitor: Monitored.Loss, restoreBest: true);
        using var model = Blobs.Model();
        var path = _folder.File("run");
        new Trainer(model).Fit(_train, new() { Epochs = 9, Callbacks = [Never(2), new SaveAt(3, path)] });
        var best = Blobs.State(model);

        using var other = Blobs.Model(seed: 8);
        var stopped = new Trainer(other).Fit(_train, new() { Epochs = 9, Callbacks = [Never(2)], ResumeFrom = path });
        Assert.Equal((3, StopReason.Callback), (stopped.Epochs.Count, stopped.StopReason));
        Assert.Contains("did not improve for 2 epochs", stopped.StopMessage, StringComparison.Ordinal);
        Assert.Equal(best, Blobs.State(other));

        // With more patience it goes on counting where it was.
        var longer = new Trainer(other).Fit(_train, new() { Epochs = 9, Callbacks = [Never(4)], ResumeFrom = path });
        Assert.Equal(5, longer.Epochs.Count);
    }

    [Fact]
    public void Rates_of_callbacks_go_on()
    {
        Callback[] Make() => [new WarmupCallback(4), new ReduceOnPlateauCallback(new ReduceOnPlateau(0.5, patience: 1) { Threshold = 1 })];
        using var whole = Blobs.Model();
        var path = _folder.File("run");
        var expected = new Trainer(whole).Fit(_train, new() { Epochs = 8, Callbacks = [.. Make(), new SaveAt(2, path)] }).Epochs.Select(epoch => epoch.LearningRate);
        using var resumed = Blobs.Model(seed: 8);
        var found = new Trainer(resumed).Fit(_train, new() { Epochs = 8, Callbacks = Make(), ResumeFrom = path });
        Assert.Equal(expected, found.Epochs.Select(epoch => epoch.LearningRate));
        Assert.Equal(Blobs.State(whole), Blobs.State(resumed));
    }

    [Fact]
    public void Pauses_come_at_their_steps_with_the_model_free()
    {
        using var model = Blobs.Model();
        using var paused = Blobs.Model();
        var seen = new List<(long, int)>();
        var options = new FitOptions { Epochs = 2, BatchSize = 8, AccumulationSteps = 2 };
        var plain = new Trainer(model).Fit(_train, options);
        var each = new AtSteps(4, context =>
        {
            seen.Add((context.Steps, context.Epoch));
            context.Trainer.Evaluate(_train);
            Assert.Throws<ExBurnException>(() => context.Trainer.Fit(_train));
        });
        var history = new Trainer(paused).Fit(_train, options with { Callbacks = [each] });
        Assert.Equal([(4L, 1), (8, 2), (12, 2)], seen);
        Assert.Equal(Blobs.State(model), Blobs.State(paused));
        Assert.Equal(CheckpointContent.Lines(plain.ToCsv()), CheckpointContent.Lines(history.ToCsv()));
        // A stop there ends the epoch.
        var ended = new Trainer(paused).Fit(_train, options with { Callbacks = [new AtSteps(4, context => context.Stop("here"))] });
        Assert.Equal((4L, "here"), (ended.Epochs[0].Steps, ended.StopMessage));
    }

    [Fact]
    public void A_time_limit_keeps_the_position()
    {
        using var whole = Blobs.Model();
        new Trainer(whole).Fit(_train, new() { Epochs = 2, BatchSize = 4 });
        using var first = Blobs.Model();
        var path = _folder.File("run");
        var limited = new Trainer(first).Fit(_train, new() { Epochs = 2, BatchSize = 4, TimeLimit = TimeSpan.FromTicks(1) });
        Assert.Equal((StopReason.TimeLimit, 1L), (limited.StopReason, limited.Epochs[0].Steps));
        new Trainer(first).SaveCheckpoint(path);
        using var second = Blobs.Model(seed: 9);
        var rest = new Trainer(second).Fit(_train, new() { Epochs = 2, BatchSize = 4, ResumeFrom = path });
        Assert.Equal([24L, 24], rest.Epochs.Select(epoch => epoch.Steps));
        Assert.Equal(Blobs.State(whole), Blobs.State(second));
    }

    [Fact]
    public void Steps_are_limited_over_all_parts_of_a_run()
    {
        using var model = Blobs.Model();
        var (trainer, path) = (new Trainer(model), _folder.File("run"));
        trainer.Fit(_train, new() { Epochs = 9, BatchSize = 24, MaxSteps = 6 });
        trainer.SaveCheckpoint(path);
        var rest = trainer.Fit(_train, new() { Epochs = 9, BatchSize = 24, MaxSteps = 11, ResumeFrom = path });
        Assert.Equal([4L, 4, 3], rest.Epochs.Select(epoch => epoch.Steps));
        trainer.SaveCheckpoint(path);
        var none = trainer.Fit(_train, new() { Epochs = 9, BatchSize = 24, MaxSteps = 11, ResumeFrom = path });
        Assert.Equal((2, StopReason.StepLimit), (none.Epochs.Count, none.StopReason));
    }

    [Fact]
    public void A_new_run_after_a_loaded_checkpoint_goes_on_with_its_schedule()
    {
        var schedule = new ExponentialDecay(0.8) { Interval = ScheduleInterval.Step };
        using var once = Blobs.Model();
        new Trainer(once).Fit(_train, new() { Epochs = 4, Schedule = schedule });
        using var first = Blobs.Model();
        new Trainer(first).Fit(_train, new() { Epochs = 2, Schedule = schedule });
        new Trainer(first).SaveCheckpoint(_folder.File("run"));
        using var second = Blobs.Model(seed: 8);
        var trainer = new Trainer(second);
        Assert.Equal(2, trainer.LoadCheckpoint(_folder.File("run")).Epochs.Count);
        Assert.Equal(2, trainer.CompletedEpochs);
        Assert.Equal([3, 4], trainer.Fit(_train, new() { Epochs = 2, Schedule = schedule }).Epochs.Select(epoch => epoch.Epoch));
        Assert.Equal(Blobs.State(once), Blobs.State(second));
    }

    [Fact]
    public void What_is_frozen_is_part_of_a_checkpoint()
    {
        using var model = Blobs.Model();
        model.Freeze("0");
        new Trainer(model).SaveCheckpoint(_folder.File("run"));
        using var other = Blobs.Model(seed: 8);
        new Trainer(other).LoadCheckpoint(_folder.File("run"));
        new Trainer(other).Fit(_train);
        Assert.Equal(model.GetState()["0.weight"].ToSingles(), other.GetState()["0.weight"].ToSingles());
        Assert.NotEqual(model.GetState()["2.weight"].ToSingles(), other.GetState()["2.weight"].ToSingles());
    }

    [Fact]
    public void Files_of_weights_only_are_loaded_but_not_resumed_from()
    {
        using var model = Blobs.Model();
        var checkpoint = new Checkpoint(_folder.Path) { WeightsOnly = true };
        new Trainer(model).Fit(_train, new() { Callbacks = [checkpoint] });
        Assert.Equal(Blobs.State(model), File.ReadAllBytes(checkpoint.LastPath!));
        Assert.Throws<CheckpointException>(() => new Trainer(model).Fit(_train, new() { ResumeFrom = _folder.Path }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Checkpoint("x") { EverySteps = 0 });
    }

    private sealed class SaveAt(int epoch, string path) : Callback
    {
        public override void OnCheckpoint(TrainingContext context, EpochResult? result)
        {
            if (result?.Epoch == epoch)
                context.Trainer.SaveCheckpoint(path);
        }
    }

    private sealed class AtSteps(int interval, Action<TrainingContext> act) : Callback
    {
        public override int? StepInterval => interval;

        public override void OnSteps(TrainingContext context) => act(context);
    }
}
