using ExBurn.Native;

namespace ExBurn.Tests.Native;

/// <summary>Ownership of native objects.</summary>
public sealed class HandleTests
{
    [Fact]
    public void Everything_is_freed_in_any_order()
    {
        Collect();
        var before = Counts();
        {
            var device = BoundaryCase.OpenCpu();
            var model = BoundaryCase.NewModel(device);
            device.Dispose();
            var again = BurnBridge.ModelDevice(model);
            BurnBridge.MoveTo(model, again);
            var predictor = BurnBridge.NewPredictor(model, []);
            model.Dispose();
            using (var outputs = BurnBridge.Predict(predictor, BoundaryCase.Inputs, 0))
            {
                Assert.Equal(1, outputs.Count);
                Assert.Equal(NativeDType.F32, outputs.DType(0));
                Assert.Equal(4, outputs.Shape(0)[0]);
                Assert.Equal(outputs.Shape(0)[0] * outputs.Shape(0)[1], outputs.Data<float>(0).Length);
            }
            predictor.Dispose();
            again.Dispose();
            using var dataset = BoundaryCase.NewDataset();
        }
        Assert.Equal(before, Counts());
    }

    [Fact]
    public void Disposing_twice_is_harmless_and_use_afterwards_is_refused()
    {
        using var device = BoundaryCase.OpenCpu();
        var model = BoundaryCase.NewModel(device);
        model.Dispose();
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => BurnBridge.Summary(model));
    }

    [Fact]
    public void Disposing_during_a_call_frees_when_the_call_ends()
    {
        Collect();
        var before = Counts();
        using var device = BoundaryCase.OpenCpu();
        var model = BoundaryCase.NewModel(device);
        var dataset = BoundaryCase.NewDataset();
        var events = 0;
        var result = BurnBridge.TrainEpoch(model, dataset, BoundaryCase.Options, [0.1], [], new Observer(() =>
        {
            model.Dispose();
            dataset.Dispose();
            events++;
            return BatchFlow.Continue;
        }), default);
        Assert.Equal(4, events);
        Assert.Equal(4ul, result.Samples);
        device.Dispose();
        Assert.Equal(before, Counts());
    }

    [Fact]
    public void A_handle_that_nobody_disposes_is_freed_by_the_collector()
    {
        Collect();
        var before = BurnBridge.LiveHandles(HandleKind.Dataset);
        Forget();
        Collect();
        Assert.Equal(before, BurnBridge.LiveHandles(HandleKind.Dataset));
    }

    [Fact]
    public void Many_threads_open_and_close()
    {
        Collect();
        var before = Counts();
        Parallel.For(0, 64, _ =>
        {
            using var device = BoundaryCase.OpenCpu();
            using var model = BoundaryCase.NewModel(device);
            using var dataset = BoundaryCase.NewDataset();
            Assert.Throws<NameNotFoundException>(() => BurnBridge.SetTrainable(model, "nope", false));
        });
        Assert.Equal(before, Counts());
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static void Forget() => GC.KeepAlive(BurnBridge.NewDataset());

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }

    private static long[] Counts() => Enum.GetValues<HandleKind>().Select(BurnBridge.LiveHandles).ToArray();
}

/// <summary>An observer from a function.</summary>
internal sealed class Observer(Func<BatchFlow> onBatch) : IBatchObserver
{
    public List<double> Losses { get; } = [];

    public BatchFlow OnBatch(in BatchEventNative batch)
    {
        Losses.Add(batch.MeanLoss);
        Assert.Equal(4ul, batch.SamplesTotal);
        Assert.Equal(1, batch.Metrics.Length);
        return onBatch();
    }
}
