using ExBurn.Tests.Support;
using ExBurn.Tests.Training;

namespace ExBurn.Tests.Devices;

/// <summary>
/// The GPU device, where a Vulkan, Metal or DX12 driver exists; .ci/run installs a software Vulkan driver and sets EXBURN_TEST_GPU=1, and
/// then a missing GPU is a failure. The CPU device is the reference: the same numbers but for the order of single-precision sums.
/// </summary>
public sealed class GpuTests
{
    private static Sequential Network(Device device)
    {
        var model = new Sequential(
            new Conv2d(1, 4, 3) { Padding = 1 }, new BatchNorm2d(4), new ReLU(), new MaxPool2d(2),
            new Flatten(), new Dropout(0.2), new Linear(64, 3));
        model.Compile(new SGD(0.05) { Momentum = 0.9 }, Loss.CrossEntropy(), [Metric.Accuracy()], device, inputShape: [1, 8, 8], seed: 11);
        return model;
    }

    private static Dataset Images()
    {
        var pixels = new float[48, 1, 8, 8];
        var labels = new int[48];
        for (var i = 0; i < 48; i++)
        {
            labels[i] = i % 3;
            for (var y = 0; y < 8; y++)
                for (var x = 0; x < 8; x++)
                    pixels[i, 0, y, x] = ((labels[i] == 0 ? x : labels[i] == 1 ? y : x + y) % 4) / 4f + (i * 7 + x * 3 + y) % 5 / 20f;
        }
        return Dataset.FromArrays(pixels, labels);
    }

    [Fact]
    public void A_small_model_trains_on_the_GPU_and_agrees_with_the_CPU()
    {
        if (!Gpu.IsPresent)
            return;
        using var data = Images();
        (double[] Losses, Evaluation Result) Run(Device device)
        {
            using var model = Network(device);
            var trainer = new Trainer(model);
            var history = trainer.Fit(data, new() { Epochs = 4, BatchSize = 16, ClipNorm = 1 });
            return ([.. history.Losses], trainer.Evaluate(data));
        }
        var (expected, onCpu) = Run(Device.Cpu);
        var (found, onGpu) = Run(Device.Gpu());
        Support.Close.Check(expected, found, 1e-4, 0, "loss per epoch");
        Assert.Equal(onCpu.Loss, onGpu.Loss, 1e-3 * onCpu.Loss);
        Assert.Equal(onCpu.Accuracy, onGpu.Accuracy, 1.0 / 48 + 1e-9);
        Assert.True(expected[^1] < expected[0]);
    }

    [Fact]
    public void A_model_moves_between_devices_with_its_optimizer_state()
    {
        if (!Gpu.IsPresent)
            return;
        using var train = Blobs.Dataset();
        var options = new FitOptions { Epochs = 2, BatchSize = 24 };
        using var stays = Blobs.Model();
        new Trainer(stays).Fit(train, options);
        new Trainer(stays).Fit(train, options);

        using var moves = Blobs.Model();
        new Trainer(moves).Fit(train, options);
        moves.To(Device.Gpu());
        Assert.Equal(Device.Gpu(), moves.Device);
        new Trainer(moves).Fit(train, options);
        moves.To(Device.Cpu);

        // Adam's moments moved too: without them the second run would start with other steps.
        var (expected, found) = (stays.GetState(), moves.GetState());
        foreach (var name in expected.Keys)
            Support.Close.Check(expected[name].ToDoubles(), found[name].ToDoubles(), 1e-3, 1e-4, name);
    }

    [Fact]
    public void Double_precision_is_refused_on_the_GPU()
    {
        if (!Gpu.IsPresent)
            return;
        using var model = new Sequential(new Linear(2, 1));
        Assert.Throws<DTypeException>(() => model.Build(Device.Gpu(), dtype: DType.Float64));
    }
}
