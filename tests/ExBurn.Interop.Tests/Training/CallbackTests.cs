using ExBurn.Tests.Support;

namespace ExBurn.Tests.Training;

public sealed class CallbackTests : IDisposable
{
    private readonly Sequential _model = Blobs.Model();
    private readonly Dataset _train = Blobs.Dataset();

    public void Dispose()
    {
        _model.Dispose();
        _train.Dispose();
    }

    [Fact]
    public void Events_come_in_order()
    {
        var log = new List<string>();
        Fit(new() { Epochs = 2, BatchSize = 40, Callbacks = [new Recorder(log)] });
        Assert.Equal(["begin", "epoch 1", "batch 1/3", "batch 2/3", "batch 3/3", "end 1", "epoch 2", "batch 1/3", "batch 2/3", "batch 3/3", "end 2", "done 2"], log);
    }

    [Theory]
    [InlineData(2, new[] { 2L, 3 })]
    [InlineData(0, new[] { 3L })]
    public void Reports_come_as_often_as_asked(int every, long[] expected)
    {
        var batches = new List<long>();
        Fit(new() { BatchSize = 40, ReportEvery = every, Callbacks = [new Batches((_, batch) => batches.Add(batch.Batch))] });
        Assert.Equal(expected, batches);
    }

    [Fact]
    public void A_batch_tells_where_the_epoch_stands()
    {
        BatchResult last = default;
        var history = Fit(new() { BatchSize = 40, Callbacks = [new Batches((_, batch) => last = batch)] });
        Assert.Equal((1, 3L, 3L, 96L, 96L, 0.02), (last.Epoch, last.Batch, last.Batches, last.Samples, last.SamplesTotal, last.LearningRate));
        Assert.Equal(history.Epochs[0].Loss, last.MeanLoss, 1e-12);
        Assert.Equal(history.Epochs[0].Metrics["accuracy"], last.Metrics["accuracy"], 1e-12);
        Assert.True(last.SamplesPerSecond > 0);
    }

    [Fact]
    public void A_callback_can_stop_after_a_batch()
    {
        var history = Fit(new()
        {
            Epochs = 5,
            BatchSize = 10,
            Callbacks = [new Batches((context, batch) => { if (batch.Batch == 3) context.Stop("enough"); })],
        });
        Assert.Equal((StopReason.Callback, "enough"), (history.StopReason, history.StopMessage));
        Assert.Equal(30, Assert.Single(history.Epochs).Samples);
    }

    [Fact]
    public void A_callback_can_stop_after_an_epoch_and_set_the_rate()
    {
        var history = Fit(new() { Epochs = 5, Callbacks = [new Halving()] });
        Assert.Equal([0.02, 0.01, 0.005], history.Epochs.Select(epoch => epoch.LearningRate));
        Assert.Equal(StopReason.Callback, history.StopReason);
    }

    [Fact]
    public void An_exception_comes_out_unchanged_and_the_model_goes_on()
    {
        var thrown = new FormatException("mine");
        var caught = Assert.Throws<FormatException>(() => Fit(new() { BatchSize = 8, Callbacks = [new Batches((_, _) => throw thrown)] }));
        Assert.Same(thrown, caught);
        Assert.Contains(nameof(CallbackTests), caught.StackTrace, StringComparison.Ordinal);
        Assert.Single(Fit(new()).Epochs);
    }

    [Fact]
    public void Between_epochs_the_model_is_free_inside_a_batch_it_is_busy()
    {
        ErrorCode? inside = null;
        Evaluation? between = null;
        Fit(new()
        {
            Callbacks =
            [
                new Batches((context, _) => inside = Assert.Throws<ExBurnException>(() => context.Model.GetState()).ErrorCode),
                new AtEpochEnd(context => between = context.Trainer.Evaluate(_train)),
            ],
        });
        Assert.Equal(ErrorCode.Busy, inside);
        Assert.Equal(96, between!.Samples);
    }

    private History Fit(FitOptions options) => new Trainer(_model).Fit(_train, options);

    private sealed class Recorder(List<string> log) : Callback
    {
        public override void OnTrainBegin(TrainingContext context) => log.Add("begin");

        public override void OnEpochBegin(TrainingContext context) => log.Add($"epoch {context.Epoch}");

        public override void OnBatchEnd(TrainingContext context, in BatchResult batch) => log.Add($"batch {batch.Batch}/{batch.Batches}");

        public override void OnEpochEnd(TrainingContext context, EpochResult epoch) => log.Add($"end {epoch.Epoch}");

        public override void OnTrainEnd(TrainingContext context, History history) => log.Add($"done {history.Epochs.Count}");
    }

    private sealed class Batches(Action<TrainingContext, BatchResult> act) : Callback
    {
        public override void OnBatchEnd(TrainingContext context, in BatchResult batch) => act(context, batch);
    }

    private sealed class AtEpochEnd(Action<TrainingContext> act) : Callback
    {
        public override void OnEpochEnd(TrainingContext context, EpochResult epoch) => act(context);
    }

    private sealed class Halving : Callback
    {
        public override void OnEpochEnd(TrainingContext context, EpochResult epoch)
        {
            context.LearningRate /= 2;
            if (epoch.Epoch == 3)
                context.Stop();
        }
    }
}
