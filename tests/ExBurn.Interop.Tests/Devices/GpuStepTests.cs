using ExBurn.Tests.Support;
using ExBurn.Tests.Training;

namespace ExBurn.Tests.Devices;

/// <summary>The manual loop, clones and profiles on the GPU device (see <see cref="GpuTests"/>).</summary>
public sealed class GpuStepTests
{
    private static bool Present => Environment.GetEnvironmentVariable("EXBURN_TEST_GPU") == "1" || Device.Gpu().IsAvailable;

    private static Sequential Network(Device device)
    {
        var model = new Sequential(new Linear(2, 16), new BatchNorm1d(16), new ReLU(), new Dropout(0.2), new Linear(16, 3));
        model.Compile(new Adam(0.02), Loss.CrossEntropy(), [Metric.Accuracy()], device, seed: 11);
        return model;
    }

    [Fact]
    public void Gradients_are_those_of_the_CPU_and_two_halves_make_a_step()
    {
        if (!Present)
            return;
        var (points, labels) = Blobs.Arrays(32);
        using var onCpu = Network(Device.Cpu);
        using var onGpu = Network(Device.Gpu());
        using var stepped = Network(Device.Gpu());
        var (cpu, gpu, whole) = (new Trainer(onCpu), new Trainer(onGpu), new Trainer(stepped));
        using var expected = cpu.ComputeGradients(points, labels);
        using var found = gpu.ComputeGradients(points, labels);
        Assert.Equal(expected.Names, found.Names);
        foreach (var (name, gradient) in expected.ToDictionary())
            Close.Check(gradient.ToDoubles(), found[name].ToDoubles(), 1e-3, 1e-5, name);
        Close.Check([expected.Norm()], [found.Norm()], 1e-4, 0, "norm");

        var norm = gpu.ApplyGradients(found, new() { ClipNorm = 0.1 });
        var step = whole.TrainStep(points, labels, new() { ClipNorm = 0.1 });
        Assert.Equal((step.Loss, step.GradientNorm), (found.Loss, norm));
        Assert.Equal(Blobs.State(stepped), Blobs.State(onGpu));

        found.Scale(0.5, "4");
        using (var more = gpu.ComputeGradients(points, labels))
            found.Add(more, 0.25);
        found.ClipValue(0.01);
        Assert.True(found["4.weight"].ToSingles().All(g => Math.Abs(g) <= 0.01f));
        // Gradients of the GPU change a model that has moved away.
        onGpu.To(Device.Cpu);
        new Trainer(onGpu).ApplyGradients(found);
        Assert.True(new Trainer(onGpu).ProfileStep(points, labels).Total > TimeSpan.Zero);
    }

    [Fact]
    public void Clones_and_profiles_train_alike()
    {
        if (!Present)
            return;
        var (points, labels) = Blobs.Arrays(32);
        using var model = Network(Device.Gpu());
        var trainer = new Trainer(model);
        trainer.TrainStep(points, labels);
        using var clone = model.Clone();
        var step = trainer.TrainStep(points, labels);
        var profile = new Trainer(clone).ProfileStep(points, labels);
        Assert.Equal(step.Loss, profile.Result.Loss);
        Assert.Equal(Blobs.State(model), Blobs.State(clone));
        Assert.All([profile.Forward, profile.Backward, profile.Optimizer], part => Assert.True(part > TimeSpan.Zero));
    }
}
