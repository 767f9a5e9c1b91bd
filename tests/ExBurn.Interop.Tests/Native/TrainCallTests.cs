using ExBurn.Native;

namespace ExBurn.Tests.Native;

/// <summary>Runs, their callbacks and cancelling.</summary>
public sealed class TrainCallTests : IDisposable
{
    private readonly DeviceHandle _device = BoundaryCase.OpenCpu();
    private readonly ModelHandle _model;
    private readonly DatasetHandle _dataset = BoundaryCase.NewDataset();

    public TrainCallTests() => _model = BoundaryCase.NewModel(_device);

    public void Dispose()
    {
        _model.Dispose();
        _dataset.Dispose();
        _device.Dispose();
    }

    [Fact]
    public void An_epoch_reports_every_batch()
    {
        var observer = new Observer(() => BatchFlow.Continue);
        var metrics = new double[2];
        var result = Train(observer, metrics);
        Assert.Equal(4, observer.Losses.Count);
        Assert.False(result.Stopped);
        Assert.Equal((4ul, 4ul, 4ul, 1), (result.Samples, result.Batches, result.Steps, result.MetricCount));
        Assert.InRange(metrics[0], 0, 1);
        var evaluated = BurnBridge.Evaluate(_model, _dataset, 2, 0, metrics, null, default);
        Assert.Equal(4ul, evaluated.Samples);
    }

    [Fact]
    public void Stop_ends_the_run_normally()
    {
        var result = Train(new Observer(() => BatchFlow.Stop));
        Assert.True(result.Stopped);
        Assert.Equal(1ul, result.Batches);
    }

    [Fact]
    public void The_callbacks_exception_comes_out_unchanged()
    {
        var thrown = new FormatException("mine");
        var caught = Assert.Throws<FormatException>(() => Train(new Observer(() => throw thrown)));
        Assert.Same(thrown, caught);
        Assert.Contains(nameof(The_callbacks_exception_comes_out_unchanged), caught.StackTrace);
        Assert.Equal(4ul, Train(null).Samples);
    }

    [Fact]
    public void Cancelling_gives_the_callers_token_and_leaves_the_model_usable()
    {
        using var source = new CancellationTokenSource();
        var error = Assert.Throws<OperationCanceledException>(() => Train(
            new Observer(() =>
            {
                source.Cancel();
                return BatchFlow.Continue;
            }),
            token: source.Token));
        Assert.Equal(source.Token, error.CancellationToken);
        Assert.Throws<OperationCanceledException>(() => Train(null, token: source.Token));
        Assert.Equal(4ul, Train(null).Samples);
        Assert.Equal(0, BurnBridge.LiveHandles(HandleKind.Cancel));
    }

    [Fact]
    public void Using_the_running_model_is_busy_and_does_not_block()
    {
        ErrorCode? code = null;
        Train(new Observer(() =>
        {
            code = Assert.Throws<ExBurnException>(() => BurnBridge.Summary(_model)).ErrorCode;
            return BatchFlow.Stop;
        }));
        Assert.Equal(ErrorCode.Busy, code);
    }

    [Fact]
    public void A_step_trains_and_evaluates()
    {
        var options = BoundaryCase.Options;
        var metrics = new double[1];
        var first = BurnBridge.TrainStep(_model, BoundaryCase.Inputs, BoundaryCase.Targets, false, options, 0.1, metrics);
        Assert.Equal(1ul, first.Steps);
        Assert.True(first.Loss > 0);
        Assert.True(BurnBridge.EvaluateStep(_model, BoundaryCase.Inputs, BoundaryCase.Targets, false, metrics).Loss > 0);
        Assert.ThrowsAny<Exception>(() => BurnBridge.TrainStep(_model, default, BoundaryCase.Targets, false, options, 0.1, metrics));
    }

    [Fact]
    public void Steps_and_predictions_allocate_nothing_managed()
    {
        using var predictor = BurnBridge.NewPredictor(_model, []);
        var metrics = new double[1];
        var options = BoundaryCase.Options;
        var sum = 0.0f;
        for (var i = 0; i < 3; i++)
            Once();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 20; i++)
            Once();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.NotEqual(float.NegativeInfinity, sum);

        void Once()
        {
            BurnBridge.TrainStep(_model, BoundaryCase.Inputs, BoundaryCase.Targets, false, options, 0.1, metrics);
            BurnBridge.EvaluateStep(_model, BoundaryCase.Inputs, BoundaryCase.Targets, false, metrics);
            using var outputs = BurnBridge.Predict(predictor, BoundaryCase.Inputs, 0);
            sum += outputs.Data<float>(0)[0];
        }
    }

    private RunResultNative Train(IBatchObserver? observer, double[]? metrics = null, CancellationToken token = default)
        => BurnBridge.TrainEpoch(_model, _dataset, BoundaryCase.Options, [0.1], metrics ?? [], observer, token);
}
