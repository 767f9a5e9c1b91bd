using ExBurn.Tests.Support;

namespace ExBurn.Tests.Docs;

/// <summary>docs/from-exburn.md: every name and call shape of ExBurn's guide and interface, by the rows of its tables.</summary>
[Collection("current directory")]
public sealed class ExBurnParityTests
{
    private static Sequential Defined()
    {
        var model = new Sequential(
            new Linear(784, 256) { Name = "hidden1" },
            new ReLU(),
            new Dropout(0.2),
            new Linear(256, 128) { Name = "hidden2" },
            new ReLU(),
            new Dropout(0.2),
            new Linear(128, 10) { Name = "output" });
        return model;
    }

    private static Sequential Compiled()
    {
        var model = Defined();
        model.Compile(
            new Adam(0.001) { WeightDecay = 1e-4 },
            Loss.CrossEntropy(),
            metrics: [Metric.Accuracy()],
            device: Device.Cpu,
            inputShape: [784],
            seed: 42);
        return model;
    }

    private static Dataset Data(int rows = 64)
    {
        var (images, labels) = InOwnFolder.Digits(rows);
        return Dataset.FromArrays(images, labels);
    }

    [Fact]
    public void Top_level_version_devices_smoke_test()
    {
        BuildInfo build = NativeRuntime.Build;
        IReadOnlyList<Device> devices = NativeRuntime.Devices;
        DeviceInfo processor = Device.Cpu.Info;
        string? problem = NativeRuntime.SmokeTest();
        Assert.True(NativeRuntime.IsLoaded);
        Assert.Matches(@"^\d+\.\d+\.\d+", build.Version);
        Assert.Contains("gpu", build.Features);
        Assert.Equal([Device.Cpu, Device.NdArray], devices.Take(2));
        Assert.Equal(Device.Gpu().IsAvailable, devices.Contains(Device.Gpu()));
        Assert.Equal((DeviceKind.Cpu, true), (processor.Kind, processor.FloatTypes.Contains(DType.Float64)));
        Assert.Null(problem);
        Assert.Null(NativeRuntime.SmokeTest(Device.NdArray));
        Assert.Contains("adapter", NativeRuntime.SmokeTest(Device.Gpu(99)));
        Assert.Throws<ArgumentOutOfRangeException>(() => NativeRuntime.SetThreads(0));
        Assert.Throws<ArgumentException>(() => NativeRuntime.SetThreads(5000));
    }

    [Fact]
    public void Model_new_compile_and_its_parts()
    {
        using var bare = Defined();
        Assert.False(bare.IsBuilt);
        using var model = Compiled();
        Console.WriteLine(model.Summary());
        IReadOnlyDictionary<string, TensorData> parameters = model.GetState();
        Loss? loss = model.Loss;
        Optimizer? optimizer = model.Optimizer;
        double decay = ((Adam)model.Optimizer!).WeightDecay;
        ModelInfo info = model.Info();
        Assert.Equal(["hidden1.weight", "hidden1.bias", "hidden2.weight", "hidden2.bias", "output.weight", "output.bias"], model.ListState().Select(entry => entry.Name));
        Assert.Equal(6, parameters.Count);
        Assert.Equal((Loss.CrossEntropy(), 1e-4, 0.001), (loss, decay, optimizer!.LearningRate));
        Assert.Equal((235_146, 235_146, 7), (info.Parameters, info.TrainableParameters, info.Layers));
        Assert.Equal(235_146 * 4, info.Bytes);
    }

    [Fact]
    public void Model_summary_with_frozen_marks()
    {
        using var model = Compiled();
        Assert.Equal([-1, 256], model.Summary().Layers[0].OutputShape);
        Assert.DoesNotContain("frozen", model.Summary().ToString());
        model.Freeze("hidden1");
        var text = model.Summary().ToString();
        Assert.Contains("hidden1 (Linear) *", text);
        Assert.Contains("* frozen", text);
        Assert.Contains("trainable 34,186", text);
    }

    [Fact]
    public void Model_forward_predict_and_forward_pattern()
    {
        using var model = Compiled();
        var (images, _) = InOwnFolder.Digits(4);
        TensorData output = model.Predict(images);
        Shape? shape = model.Summary().Layers[^1].OutputShape;
        Assert.Equal([4, 10], output.Shape);
        Assert.Equal([-1, 10], shape);
        Assert.Equal(DType.Float32, output.DType);
        using var bare = Defined();
        Assert.Throws<InvalidOperationException>(() => bare.Predict(images));
        Assert.Throws<ShapeMismatchException>(() => model.Predict(new float[1, 783]));
    }

    [Fact]
    public void Model_compute_loss()
    {
        float[,] logits = { { 2, 0, 0 }, { 0, 0, 1 } };
        double loss = Loss.CrossEntropy().Compute(logits, new long[] { 0, 2 });
        double squares = Loss.MeanSquaredError().Compute(new double[] { 1, 2 }, new double[] { 0, 4 });
        double binary = Loss.BinaryCrossEntropy().Compute(new float[] { 0.5f }, new float[] { 1 });
        var expected = (Math.Log(Math.Exp(2) + 2) - 2 + Math.Log(2 + Math.E) - 1) / 2;
        Assert.Equal(expected, loss, 6);
        Assert.Equal(2.5, squares, 14);
        Assert.Equal(Math.Log(2), binary, 6);
        // One-hot targets are class probabilities.
        Assert.Equal(expected, Loss.CrossEntropy().Compute(logits, new float[,] { { 1, 0, 0 }, { 0, 0, 1 } }), 6);
        var gaussian = Loss.Gaussian().Compute(new float[] { 1 }, [new(new float[] { 3 }), new(new float[] { 2 })]);
        Assert.Equal(0.5 * (Math.Log(2) + (4.0 / 2)), gaussian, 6);
        Assert.Throws<ShapeMismatchException>(() => Loss.MeanSquaredError().Compute(new float[] { 1, 2 }, new float[] { 1, 2, 3 }));
        Assert.ThrowsAny<ArgumentException>(() => Loss.CrossEntropy().Compute(logits, new long[] { 0, 3 }));
        Assert.Throws<ArgumentException>(() => Loss.Gaussian().Compute(new float[] { 1 }, new float[] { 1 }));
    }

    [Fact]
    public void Model_update_params()
    {
        using var model = Compiled();
        var parameters = model.GetState();
        LoadReport report = model.SetState(
            new Dictionary<string, TensorData> { ["output.bias"] = new(new float[10]) }, strict: false);
        Assert.Equal(["output.bias"], report.Loaded);
        Assert.Equal(5, report.Missing.Count);
        Assert.Equal(new float[10], model.GetState()["output.bias"].ToSingles());
        Assert.Equal(parameters["output.weight"].ToSingles(), model.GetState()["output.weight"].ToSingles());
        // Names and shapes are checked, and then nothing is changed.
        Assert.Throws<CheckpointException>(() => model.SetState(new Dictionary<string, TensorData> { ["outptu.bias"] = new(new float[10]) }));
    }

    [Fact]
    public void Model_to_device()
    {
        using var model = Compiled();
        var (images, _) = InOwnFolder.Digits(2);
        var before = model.Predict(images).ToSingles();
        if (Device.Gpu().IsAvailable)
            model.To(Device.Gpu());
        model.To(Device.Cpu);
        model.To(Device.Cpu);   // already there: nothing happens
        Assert.Equal(Device.Cpu, model.Device);
        Assert.Equal(before, model.Predict(images).ToSingles());
    }

    [Fact]
    public void Model_freeze_unfreeze_frozen()
    {
        using var model = Compiled();
        using var train = Data();
        var weight = model.GetState()["hidden1.weight"].ToSingles();
        model.Freeze("hidden1");
        bool frozen = model.Summary().Layers.Single(layer => layer.Name == "hidden1").IsFrozen;
        string[] allFrozen = [.. model.Summary().Layers.Where(layer => layer.IsFrozen).Select(layer => layer.Name)];
        Assert.True(frozen);
        Assert.Equal(["hidden1"], allFrozen);
        new Trainer(model).Fit(train);
        Assert.Equal(weight, model.GetState()["hidden1.weight"].ToSingles());
        model.Unfreeze("hidden1");
        new Trainer(model).Fit(train);
        Assert.NotEqual(weight, model.GetState()["hidden1.weight"].ToSingles());
        Assert.Throws<NameNotFoundException>(() => model.Freeze("hidden9"));
    }

    [Fact]
    public void Model_save_load_and_the_state_as_bytes() => InOwnFolder.Run(_ =>
    {
        using var model = Compiled();
        using var other = Defined();
        other.Build(seed: 7);
        model.Save("model.safetensors");
        LoadReport report = other.Load("model.safetensors");
        Assert.Equal(6, report.Loaded.Count);
        Assert.Equal(model.GetState()["output.weight"].ToSingles(), other.GetState()["output.weight"].ToSingles());
        Assert.Throws<CheckpointException>(() => other.Load("missing.safetensors"));
        File.WriteAllText("broken.safetensors", "no");
        Assert.Throws<CheckpointException>(() => other.Load("broken.safetensors"));
    });

    [Fact]
    public void Model_benchmark_clone_info()
    {
        using var model = Compiled();
        var (images, labels) = InOwnFolder.Digits(8);
        var trainer = new Trainer(model);
        BenchmarkResult prediction = model.Benchmark(batchSize: 32, new BenchmarkOptions { WarmUp = 3, Runs = 10 });
        BenchmarkResult training = trainer.Benchmark(images, labels);
        using Sequential copy = model.Clone();
        Console.WriteLine($"{model.Info()}: {prediction.Median.TotalMilliseconds} ms");
        Assert.Equal((10, 3, 32L), (prediction.Runs, prediction.WarmUp, prediction.BatchSize));
        Assert.True(prediction.Min <= prediction.Median && prediction.Median <= prediction.Max);
        Assert.Equal(20, training.Runs);
        Assert.Equal(model.GetState()["output.weight"].ToSingles(), copy.GetState()["output.weight"].ToSingles());
    }

    [Fact]
    public void Training_fit_with_all_options() => InOwnFolder.Run(_ =>
    {
        using var model = Compiled();
        using var train = Data();
        using var test = Data(20);
        Directory.CreateDirectory("checkpoints");
        var trainer = new Trainer(model);
        History history = trainer.Fit(train, new FitOptions
        {
            Epochs = 10,
            BatchSize = 32,
            Shuffle = true,
            Validation = test,
            Schedule = new EpochCosine(minRate: 1e-5),
            ClipNorm = 1.0,
            ClipValue = 5.0,
            AccumulationSteps = 4,
            Callbacks = [new EarlyStopping(patience: 5, minDelta: 1e-4), new Checkpoint("checkpoints", every: 5)],
        });
        Assert.Equal(10, history.Epochs.Count);
        Assert.Equal(1e-3, history.Epochs[0].LearningRate);
        Assert.Equal(1e-5, history.Epochs[^1].LearningRate, 12);
        Assert.All(history.Epochs, epoch => Assert.NotNull(epoch.Validation));
        // 64 rows in batches of 32, four batches per step: one step of a group that is not full.
        Assert.All(history.Epochs, epoch => Assert.Equal(1, epoch.Steps));
        Assert.True(history.Epochs[^1].Loss < history.Epochs[0].Loss);
        Assert.NotEmpty(Directory.EnumerateFileSystemEntries("checkpoints"));
    });

    [Fact]
    public void Training_learning_rate_schedules()
    {
        Schedule step = new StepDecay(stepSize: 10, gamma: 0.5);
        Schedule exponential = new ExponentialDecay(0.95);
        Schedule cosine = new EpochCosine(minRate: 1e-5);
        Schedule warmup = new Warmup(5, then: new StepDecay(10, 0.5), startFactor: 0.01);
        var steps = step.Preview(0.001, 25);
        var exponentials = exponential.Preview(0.001, 25);
        var cosines = cosine.Preview(0.001, 25);
        for (var e = 1; e <= 25; e++)
        {
            Assert.Equal(0.001 * Math.Pow(0.5, (e - 1) / 10), steps[e - 1], 15);
            Assert.Equal(0.001 * Math.Pow(0.95, e - 1), exponentials[e - 1], 15);
            Assert.Equal(1e-5 + (0.5 * (0.001 - 1e-5) * (1 + Math.Cos(Math.PI * (e - 1) / 24))), cosines[e - 1], 15);
        }
        Assert.Equal((1e-5, 0.001), (warmup.Preview(0.001, 6)[0], warmup.Preview(0.001, 6)[5]));
    }

    [Fact]
    public void Training_optimizers_by_name()
    {
        Optimizer[] optimizers =
        [
            new Adam(0.001),
            new SGD(0.01) { Momentum = 0.9 },
            new SGD(0.01) { Momentum = 0.9, Nesterov = true },
            new RMSprop(0.001) { Alpha = 0.9 },
        ];
        using var train = Data();
        foreach (var optimizer in optimizers)
        {
            using var model = Defined();
            model.Compile(optimizer, Loss.CrossEntropy(), inputShape: [784], seed: 1);
            var history = new Trainer(model).Fit(train, new FitOptions { Epochs = 3 });
            Assert.True(history.Epochs[2].Loss < history.Epochs[0].Loss, optimizer.ToString());
        }
    }

    [Fact]
    public void Training_callbacks()
    {
        using var model = Compiled();
        using var train = Data();
        using var test = Data(20);
        var logged = new List<string>();
        var seen = new Remember();
        History history = new Trainer(model).Fit(train, new FitOptions
        {
            Epochs = 30,
            Validation = test,
            Callbacks =
            [
                new WarmupCallback(epochs: 3, startRate: 1e-4),
                new ReduceOnPlateauCallback(new ReduceOnPlateau(factor: 0.5, patience: 5) { MinRate = 1e-6 }),
                new StopWhenConverged(),
                seen,
            ],
        });
        foreach (EpochResult epoch in history.Epochs)
            logged.Add($"{epoch}, {epoch.SamplesPerSecond:F0} samples per second");
        Assert.Equal((StopReason.Callback, "converged"), (history.StopReason, history.StopMessage));
        Assert.True(history.Epochs[^1].Loss < 0.5);
        Assert.Equal(1e-4, history.Epochs[0].LearningRate, 15);
        Assert.Equal(history.Epochs.Count, logged.Count);
        Assert.Equal(history.Epochs, seen.Epochs);
    }

    internal sealed class StopWhenConverged : Callback
    {
        public override void OnEpochEnd(TrainingContext context, EpochResult epoch)
        {
            if (epoch.Loss < 0.5)
                context.Stop("converged");
        }
    }

    private sealed class Remember : Callback
    {
        public List<EpochResult> Epochs { get; } = [];

        public override void OnEpochEnd(TrainingContext context, EpochResult epoch) => Epochs.Add(epoch);
    }

    [Fact]
    public void Training_evaluate()
    {
        using var model = Compiled();
        using var test = Data(20);
        var trainer = new Trainer(model);
        Evaluation result = trainer.Evaluate(test);
        double loss = result.Loss, accuracy = result.Accuracy;
        var (images, labels) = InOwnFolder.Digits(20);
        Assert.Equal(Loss.CrossEntropy().Compute(model.Predict(images), labels), loss, 5);
        Assert.InRange(accuracy, 0, 1);
    }

    [Fact]
    public void Training_train_step_and_compute_gradients()
    {
        using var model = Compiled();
        using var same = Compiled();
        var (batchX, batchY) = InOwnFolder.Digits(16);
        var (trainer, other) = (new Trainer(model), new Trainer(same));
        StepResult step = trainer.TrainStep(batchX, batchY, new StepOptions { ClipNorm = 1.0 });
        Assert.Equal(step.Loss, other.TrainStep(batchX, batchY, new() { ClipNorm = 1.0 }).Loss);
        using Gradients gradients = trainer.ComputeGradients(batchX, batchY);
        TensorData gradient = gradients["hidden1.weight"];
        gradients.Scale(0.1, "hidden1");
        trainer.ApplyGradients(gradients, new StepOptions { ClipNorm = 1.0 });
        Assert.Equal([256, 784], gradient.Shape);
        Assert.Equal(6, gradients.Names.Count);
    }

    [Fact]
    public void Training_profile_step()
    {
        using var model = Compiled();
        var (batchX, batchY) = InOwnFolder.Digits(16);
        var trainer = new Trainer(model);
        StepProfile profile = trainer.ProfileStep(batchX, batchY);
        Console.WriteLine($"Forward: {profile.Forward.TotalMilliseconds} ms, backward: {profile.Backward.TotalMilliseconds} ms");
        Assert.Equal(profile.Data + profile.Forward + profile.Backward + profile.Optimizer, profile.Total);
        Assert.Equal(16, profile.Result.Samples);
    }

    [Fact]
    public void Serving_predictor_for_many_threads()
    {
        using var model = Compiled();
        var (images, _) = InOwnFolder.Digits(8);
        var expected = model.Predict(images).ToSingles();
        using Predictor predictor = model.CreatePredictor();
        Parallel.For(0, 8, _ => Assert.Equal(expected, predictor.Predict(images, batchSize: 0).ToSingles()));
    }

    [Fact]
    public void Error_fields()
    {
        using var model = Defined();
        model.Build();
        var error = Assert.Throws<ShapeMismatchException>(() => model.Predict(new float[1, 783]));
        Assert.Equal((ErrorCode.Shape, "hidden1"), (error.ErrorCode, error.Layer));
        Assert.Contains("784", error.Expected);
        Assert.Contains("783", error.Found);
    }
}
