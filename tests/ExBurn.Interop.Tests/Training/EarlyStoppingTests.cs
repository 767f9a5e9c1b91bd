using ExBurn.Tests.Support;

namespace ExBurn.Tests.Training;

public sealed class EarlyStoppingTests
{
    [Theory]
    [InlineData(2, 0.0, new[] { 1.0, 1, 1 }, 3, 1)]                      // equal is not better; two bad epochs
    [InlineData(2, 0.0, new[] { 3, 2.0, 2.5, 1, 1.5, 1.2 }, 6, 4)]       // an improvement begins the count anew
    [InlineData(1, 0.0, new[] { 1, double.NaN }, 2, 1)]                  // NaN is never better
    [InlineData(2, 0.0, new[] { double.NaN, 5.0, 6, 7 }, 4, 2)]          // the first number is better than no number
    [InlineData(1, 0.0, new[] { double.NaN }, 1, null)]
    [InlineData(2, 0.5, new[] { 1, 0.6, 0.5 }, 3, 1)]                    // strictly below best - delta
    [InlineData(2, 0.5, new[] { 1, 0.6, 0.49 }, null, 3)]
    [InlineData(3, 0.0, new[] { 1.0, 2, 3 }, null, 1)]
    public void It_stops_after_so_many_bad_epochs(int patience, double delta, double[] losses, int? stopAt, int? best)
    {
        var stopping = new EarlyStopping(patience, delta, Monitored.Loss);
        var (stopped, context) = Run(stopping, losses.Select(loss => new EpochResult { Loss = loss }));
        Assert.Equal(stopAt, stopped);
        Assert.Equal(best, stopping.BestEpoch);
        Assert.Equal(stopAt is not null, context.IsStopping);
    }

    [Fact]
    public void A_metric_is_watched_upwards()
    {
        var stopping = new EarlyStopping(2, monitor: Monitored.Metric(Metric.Accuracy()));
        var epochs = new[] { 0.5, 0.7, 0.6, 0.65 }.Select(value => new EpochResult { Metrics = new(["accuracy"], [value]) });
        Assert.Equal(4, Run(stopping, epochs).Stopped);
        Assert.Equal((0.7, 2), (stopping.Best, stopping.BestEpoch));
    }

    [Fact]
    public void A_second_run_begins_anew()
    {
        var stopping = new EarlyStopping(1, monitor: Monitored.Loss);
        Run(stopping, [new() { Loss = 0.1 }]);
        Assert.Null(Run(stopping, [new() { Loss = 5 }, new() { Loss = 4 }]).Stopped);
        Assert.Equal(4, stopping.Best);
    }

    [Fact]
    public void What_it_watches_must_exist()
    {
        using var model = Blobs.Model();
        using var train = Blobs.Dataset();
        var error = Assert.Throws<InvalidOperationException>(() => new Trainer(model).Fit(train, new() { Callbacks = [new EarlyStopping()] }));
        Assert.Contains("Validation", error.Message, StringComparison.Ordinal);
        var other = new EarlyStopping(monitor: Monitored.Metric(Metric.Accuracy() with { Name = "other" }));
        Assert.Throws<InvalidOperationException>(() => new Trainer(model).Fit(train, new() { Callbacks = [other] }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new EarlyStopping(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new EarlyStopping(1, -1));
    }

    [Fact]
    public void The_best_weights_come_back()
    {
        // A rate far too large: the first epochs are the best, and the loss climbs.
        using var model = Blobs.Model(optimizer: new SGD(0.05));
        using var train = Blobs.Dataset();
        var trainer = new Trainer(model);
        var stopping = new EarlyStopping(2, monitor: Monitored.ValidationLoss, restoreBest: true);
        var history = trainer.Fit(train, new() { Epochs = 20, BatchSize = 16, Validation = train, Callbacks = [new Spoil(3), stopping] });
        Assert.Equal(StopReason.Callback, history.StopReason);
        Assert.Equal(3, stopping.BestEpoch);
        Assert.Equal(5, history.Epochs.Count);
        Assert.Equal(stopping.Best, trainer.Evaluate(train).Loss, 1e-6);
    }

    private static (int? Stopped, TrainingContext Context) Run(EarlyStopping stopping, IEnumerable<EpochResult> epochs)
    {
        using var model = new Sequential(new Linear(1, 1));
        model.Compile(new SGD(), Loss.MeanSquaredError(), [Metric.Accuracy()]);
        var context = new TrainingContext(new(model), new(), new());
        stopping.OnTrainBegin(context);
        var number = 0;
        foreach (var epoch in epochs)
        {
            context.Epoch = ++number;
            stopping.OnEpochEnd(context, epoch with { Epoch = number });
            if (context.IsStopping)
                return (number, context);
        }
        return (null, context);
    }

    private sealed class Spoil(int after) : Callback
    {
        public override void OnEpochEnd(TrainingContext context, EpochResult epoch)
        {
            if (epoch.Epoch == after)
                context.LearningRate = 50;
        }
    }
}
