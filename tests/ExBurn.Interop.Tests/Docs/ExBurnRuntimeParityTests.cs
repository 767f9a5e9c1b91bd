using System.Reflection;
using ExBurn.Native;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Docs;

/// <summary>docs/from-exburn.md, further rows: runtime, devices and memory, serving, progress, gradient checks, errors, control flow.</summary>
[Collection("current directory")]
public sealed class ExBurnRuntimeParityTests
{
    private static Sequential Compiled()
    {
        var model = new Sequential(new Linear(784, 16) { Name = "hidden1" }, new Tanh(), new Linear(16, 10) { Name = "output" });
        model.Compile(new Adam(0.01), Loss.CrossEntropy(), metrics: [Metric.Accuracy()], inputShape: [784], seed: 42);
        return model;
    }

    private static Dataset Data(int rows = 64)
    {
        var (images, labels) = InOwnFolder.Digits(rows);
        return Dataset.FromArrays(images, labels);
    }

    [Fact]
    public void Top_level_summary_and_function_count()
    {
        Device best = Device.Gpu().IsAvailable ? Device.Gpu() : Device.Cpu;
        Console.WriteLine(NativeRuntime.Summary());
        var lines = NativeRuntime.Summary().Split(Environment.NewLine);
        Assert.Equal($"ExBurn v{NativeRuntime.Build.Version}", lines[0]);
        Assert.Equal(new string('-', 30), lines[1]);
        Assert.Contains(lines, line => line.StartsWith("Device cpu: ", StringComparison.Ordinal) && line.Contains("Float32, Float64", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("GPU: ", StringComparison.Ordinal) && line.Contains("not available", StringComparison.Ordinal) != Device.Gpu().IsAvailable);
        Assert.StartsWith("Backends: ", lines[^1], StringComparison.Ordinal);
        Assert.Equal(Device.Gpu().IsAvailable, best.Kind == DeviceKind.Gpu);
        // The library counts what the generated declarations hold.
        var declared = typeof(NativeMethods).GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)
            .Count(method => (method.Attributes & MethodAttributes.PinvokeImpl) != 0);
        Assert.Equal(declared, NativeRuntime.Build.Functions);
        Assert.True(declared > 10);
    }

    [Fact]
    public async Task Device_memory_and_waiting()
    {
        var device = Device.Cpu;
        DeviceMemory memory = device.Memory;
        Console.WriteLine($"{memory.InUse} of {memory.Total} bytes in use");
        await device.SynchronizeAsync();
        device.ReleaseMemory();
        Assert.InRange(memory.InUse, 1_000_000, memory.Total!.Value);
        Assert.Null(memory.Allocations);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => device.SynchronizeAsync(new CancellationToken(canceled: true)));
        Assert.Throws<DeviceException>(() => Device.Gpu(99).Memory);
        await Assert.ThrowsAsync<DeviceException>(() => Device.Gpu(99).SynchronizeAsync());
    }

    [Fact]
    public void Device_memory_of_the_GPU_is_the_allocators()
    {
        if (!Gpu.IsPresent)
            return;
        // Two million numbers of four bytes.
        using var model = new Sequential(new Linear(1000, 2000) { Bias = false });
        var before = Device.Gpu().Memory;
        model.Build(Device.Gpu());
        var with = Device.Gpu().Memory;
        Assert.InRange(with.InUse - before.InUse, 8_000_000, 40_000_000);
        Assert.True(with.Reserved >= with.InUse);
        Assert.True(with.Allocations > before.Allocations);
        Assert.Null(with.Total);
        model.Dispose();
        Device.Gpu().ReleaseMemory();
        Assert.True(Device.Gpu().Memory.InUse <= with.InUse - 8_000_000);
    }

    [Fact]
    public void Model_serialize_and_deserialize_params()
    {
        using var model = Compiled();
        using var other = model.Clone();
        other.Initialize("*", Initializer.Zeros);
        byte[] binary = model.ExportBytes();      // for the network
        other.ImportBytes(binary);
        Assert.Equal(model.GetState()["output.weight"].ToSingles(), other.GetState()["output.weight"].ToSingles());
        Assert.Throws<CheckpointException>(() => other.ImportBytes(new byte[] { 1, 2, 3 }));
        Assert.Throws<NameNotFoundException>(() => model.IsFrozen("hidden9"));
        Assert.Empty(model.FrozenLayers);
    }

    [Fact]
    public void Training_progress_lines_and_standard_callbacks() => InOwnFolder.Run(_ =>
    {
        using var model = Compiled();
        using var train = Data(80);
        using var test = Data(20);
        using var writer = new StringWriter();
        History history = new Trainer(model).Fit(train, new FitOptions
        {
            Epochs = 4,
            Validation = test,
            Callbacks = [.. StandardCallbacks.Create("checkpoints", every: 2, warmupEpochs: 2), new ConsoleProgress(writer)],
        });
        var lines = writer.ToString().Split(Environment.NewLine);
        Assert.Equal("Training: 80 samples, 3 batches/epoch, 4 epochs", lines[0]);
        Assert.Equal("batch_size=32, effective_batch_size=32, optimizer=adam", lines[1]);
        Assert.Equal(4, history.Epochs.Count);
        for (var i = 0; i < 4; i++)
        {
            Assert.Matches(@"^Epoch \d: loss=\d\.\d{4} val_loss=\d\.\d{4} acc=\d+\.\d% val_acc=\d+\.\d% \(\d+ samples/s, \d+ms\)" + (i < 3 ? @" ETA=\d+s$" : "$"), lines[2 + i]);
            Assert.StartsWith(FormattableString.Invariant($"Epoch {i + 1}: loss={history.Epochs[i].Loss:0.0000} val_loss={history.Epochs[i].Validation!.Loss:0.0000}"), lines[2 + i], StringComparison.Ordinal);
        }
        // 1 % of the rate, half way, the rate.
        Assert.Equal([0.0001, 0.00505, 0.01, 0.01], history.Epochs.Select(epoch => Math.Round(epoch.LearningRate, 12)));
        Assert.Equal(["epoch-0002.safetensors", "epoch-0004.safetensors"], Directory.GetFiles("checkpoints").Select(Path.GetFileName).Order());
    });

    [Fact]
    public void Training_fit_and_evaluate_on_arrays()
    {
        using var model = Compiled();
        using var same = model.Clone();
        var (trainX, trainY) = InOwnFolder.Digits(48);
        var (testX, testY) = InOwnFolder.Digits(20);
        var trainer = new Trainer(model);
        trainer.Fit(trainX, trainY, new FitOptions { Epochs = 2, Shuffle = false });
        Evaluation onArrays = trainer.Evaluate(testX, testY);
        using Dataset train = Data(48), test = Data(20);
        var other = new Trainer(same);
        other.Fit(train, new() { Epochs = 2, Shuffle = false });
        Assert.Equal(other.Evaluate(test).Loss, onArrays.Loss);
        Assert.Equal(20, onArrays.Samples);
        Assert.ThrowsAny<Exception>(() => trainer.Fit(trainX, testY));
    }

    [Theory]
    [InlineData(0.4, "0s")]
    [InlineData(45, "45s")]
    [InlineData(65, "1m5s")]
    [InlineData(125, "2m5s")]
    [InlineData(3780, "1h3m")]
    public void Times_read_as_in_ExBurn(double seconds, string text) => Assert.Equal(text, ConsoleProgress.Time(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void A_run_that_stops_early_says_why()
    {
        using var model = Compiled();
        using var train = Data(32);
        using var writer = new StringWriter();
        new Trainer(model).Fit(train, new() { Epochs = 9, MaxSteps = 2, AccumulationSteps = 2, BatchSize = 8, Callbacks = [new ConsoleProgress(writer)] });
        Assert.Contains("batch_size=8, effective_batch_size=16, optimizer=adam", writer.ToString());
        Assert.EndsWith($"Stopped after 1 epochs: StepLimit{Environment.NewLine}", writer.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("ETA", writer.ToString());
        Assert.Throws<ArgumentOutOfRangeException>(() => StandardCallbacks.Create(warmupEpochs: -1));
        Assert.Equal((2, 3), (StandardCallbacks.Create().Count, StandardCallbacks.Create(warmupEpochs: 1).Count));
    }

    [Fact]
    public void Training_numerical_gradients_check_the_exact_ones()
    {
        using var model = Compiled();
        var trainer = new Trainer(model);
        var (batchX, batchY) = InOwnFolder.Digits(8);
        var before = model.GetState()["output.weight"].ToSingles();
        GradientCheck check = trainer.CheckGradients(batchX, batchY, new GradientCheckOptions { SamplesPerParameter = 8 });
        Console.WriteLine(check);
        Assert.True(check.Passed, check.ToString());
        Assert.Equal(["hidden1.weight", "hidden1.bias", "output.weight", "output.bias"], check.Parameters.Select(parameter => parameter.Name));
        Assert.All(check.Parameters, parameter => Assert.Equal(8, parameter.Checked));
        Assert.Equal(before, model.GetState()["output.weight"].ToSingles());
        // It can fail: with so coarse a step the differences are others.
        var coarse = trainer.CheckGradients(batchX, batchY, new() { Step = 1, SamplesPerParameter = 8 });
        Assert.False(coarse.Passed);
        Assert.Contains("differences give", coarse.ToString());
        model.Freeze("hidden1");
        Assert.Equal(2, trainer.CheckGradients(batchX, batchY, new() { SamplesPerParameter = 2 }).Parameters.Count);
        using var random = new Sequential(new Linear(784, 16), new Dropout(0.5), new Linear(16, 10));
        random.Compile(new SGD(0.1), Loss.CrossEntropy());
        Assert.Contains("Dropout", Assert.Throws<InvalidOperationException>(() => new Trainer(random).CheckGradients(batchX, batchY)).Message);
        using var bare = new Sequential(new Linear(784, 10));
        Assert.Throws<InvalidOperationException>(() => new Trainer(bare).CheckGradients(batchX, batchY));
        Assert.Throws<ShapeMismatchException>(() => trainer.CheckGradients(new float[1, 3], new long[] { 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new GradientCheckOptions { Step = 0 });
    }

    [Fact]
    public async Task Serving_groups_concurrent_requests()
    {
        using var model = Compiled();
        var (images, _) = InOwnFolder.Digits(10);
        var expected = model.Predict(images).ToSingles();
        var requests = Enumerable.Range(0, 10).Select(i => new TensorData(new TensorView(Row(images, i), [1, 784]))).ToArray();
        await using var serving = new ModelServer(model, new ServingOptions { BatchSize = 32, BatchTimeout = TimeSpan.FromMilliseconds(50) });
        TensorData[] answers = await Task.WhenAll(requests.Select(request => serving.PredictAsync(request)));
        ServingStatus status = serving.Status;
        await using ModelServer other = serving.With(serving.Options with { BatchSize = 16, BatchTimeout = TimeSpan.FromMilliseconds(5) });
        Assert.Equal((32, 50, Environment.ProcessorCount, false), (status.BatchSize, status.BatchTimeout.TotalMilliseconds, status.Partitions, status.Padding));
        Assert.Equal((10, 10), (status.Completed, status.Rows));
        Assert.True(status.Batches < 10, $"{status.Batches} batches");
        Assert.Equal((16, 5), (other.Options.BatchSize, other.Options.BatchTimeout.TotalMilliseconds));
        for (var i = 0; i < 10; i++)
            Close.Check(Array.ConvertAll(expected[(10 * i)..(10 * (i + 1))], x => (double)x), answers[i].ToDoubles(), 1e-5, 1e-6, $"request {i}");

        static float[] Row(float[,] images, int i) => [.. Enumerable.Range(0, 784).Select(j => images[i, j])];
    }

    [Fact]
    public void Control_flow_is_that_of_the_language()
    {
        using var model = new Sequential(new Linear(1, 1));
        model.Build();
        model.SetState(new Dictionary<string, TensorData> { ["0.weight"] = new(new float[,] { { 1 } }), ["0.bias"] = new(new float[] { 3 }) });
        using var addThree = model.CreatePredictor();
        var x = 0f;
        while (x < 10)
            x = addThree.Predict(new float[,] { { x } }).ToSingles()[0];
        Assert.Equal(12, x);
    }

    [Fact]
    public void Error_as_a_line_for_the_log()
    {
        using var model = Compiled();
        var line = "";
        try
        {
            model.Predict(new float[1, 783]);
        }
        catch (ExBurnException error)
        {
            Console.WriteLine($"{error.ErrorCode}, {error.Subject}: {error.Message}");
            line = error.ToLogString();
        }
        Assert.StartsWith("[ExBurn:Shape] ", line, StringComparison.Ordinal);
        Assert.Contains("| subject: ", line);
        Assert.Equal("[ExBurn:Busy] something failed", new ExBurnException("something failed", ErrorCode.Busy).ToLogString());
        Assert.Equal(
            "[ExBurn:Internal] overflow | subject: add | details: {\"rows\":2}",
            new ExBurnException("overflow") { Subject = "add", DetailJson = "{\"rows\":2}" }.ToLogString());
    }
}
