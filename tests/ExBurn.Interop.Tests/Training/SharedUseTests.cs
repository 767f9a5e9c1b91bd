using ExBurn.Tests.Support;

namespace ExBurn.Tests.Training;

/// <summary>Two threads on one model, and disposing at the wrong moment.</summary>
public sealed class SharedUseTests
{
    [Fact]
    public async Task A_second_run_on_a_model_is_refused_at_once()
    {
        using var model = Blobs.Model();
        using var train = Blobs.Dataset();
        using var source = new CancellationTokenSource();
        using var inside = new ManualResetEventSlim();
        var running = new Trainer(model).FitAsync(train, new() { Epochs = int.MaxValue, Callbacks = [new Signal(inside)] }, null, source.Token);
        inside.Wait();
        Assert.Equal(ErrorCode.Busy, Assert.Throws<ExBurnException>(() => new Trainer(model).Fit(train)).ErrorCode);
        Assert.Equal(ErrorCode.Busy, Assert.Throws<ExBurnException>(() => new Trainer(model).TrainStep(new float[1, 2], new int[1])).ErrorCode);
        Assert.Equal(ErrorCode.Busy, Assert.Throws<ExBurnException>(() => model.Compile(new SGD(), Loss.CrossEntropy())).ErrorCode);
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Single(new Trainer(model).Fit(train).Epochs);
    }

    [Fact]
    public async Task Disposing_in_a_run_ends_it_without_a_crash()
    {
        var model = Blobs.Model();
        var train = Blobs.Dataset();
        using var inside = new ManualResetEventSlim();
        var running = new Trainer(model).FitAsync(train, new() { Epochs = int.MaxValue, BatchSize = 2, Callbacks = [new Signal(inside)] });
        inside.Wait();
        train.Dispose();
        model.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => running);
    }

    [Fact]
    public void What_is_disposed_says_so_and_may_be_disposed_again()
    {
        var model = Blobs.Model();
        var train = Blobs.Dataset();
        var predictor = model.CreatePredictor();
        var trainer = new Trainer(model);
        model.Dispose();
        Assert.Equal(3, predictor.Predict([0f, 0]).Length);
        predictor.Dispose();
        train.Dispose();
        model.Dispose();
        predictor.Dispose();
        train.Dispose();

        Assert.Throws<ObjectDisposedException>(() => trainer.Fit(train));
        Assert.Throws<ObjectDisposedException>(() => model.Predict([0f, 0]));
        Assert.Throws<ObjectDisposedException>(() => predictor.Predict([0f, 0]));
        Assert.Throws<ObjectDisposedException>(() => model.Summary());
        Assert.Throws<ObjectDisposedException>(() => model.GetState());
        Assert.Throws<ObjectDisposedException>(() => model.Save("never"));
        Assert.Throws<ObjectDisposedException>(() => model.Freeze());
        Assert.Throws<ObjectDisposedException>(() => model.To(Device.Cpu));
        Assert.Throws<ObjectDisposedException>(() => model.CreatePredictor());
        Assert.Throws<ObjectDisposedException>(() => model.Compile(new SGD(), Loss.CrossEntropy()));
        using var other = Blobs.Model();
        Assert.Throws<ObjectDisposedException>(() => new Trainer(other).Fit(train));
    }

    [Fact]
    public void Many_threads_share_a_predictor()
    {
        using var model = Blobs.Model();
        using var predictor = model.CreatePredictor();
        var expected = predictor.Predict([1f, 2]);
        Parallel.For(0, 200, _ => Assert.Equal(expected, predictor.Predict([1f, 2])));
        using var train = Blobs.Dataset();
        new Trainer(model).Fit(train);
        Assert.Equal(expected, predictor.Predict([1f, 2]));
        Assert.NotEqual(expected, model.Predict([1f, 2]));
    }

    private sealed class Signal(ManualResetEventSlim inside) : Callback
    {
        public override void OnBatchEnd(TrainingContext context, in BatchResult batch) => inside.Set();
    }
}
