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
        Assert.Contains("yes", Line("hidden1"));
        model.Freeze("hidden1");
        Assert.Contains(" no ", Line("hidden1"));
        Assert.Contains("yes", Line("hidden2"));
        Assert.Contains("trainable 34,186", model.Summary().ToString());

        string Line(string layer) => model.Summary().ToString().Split('\n').Single(line => line.StartsWith(layer, StringComparison.Ordinal));
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
        bool frozen = model.IsFrozen("hidden1");
        IReadOnlyList<string> allFrozen = model.FrozenLayers;
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
    public void Model_export_import_json_and_half_precision() => InOwnFolder.Run(_ =>
    {
        using var model = Compiled();
        using var other = Defined();
        other.Build(seed: 7);
        model.ExportJson("model.json");
        other.ImportJson("model.json");
        model.Save("half.safetensors", new SaveOptions { DType = StoredType.Float16 });
        Assert.Equal(model.GetState()["hidden1.weight"].ToSingles(), other.GetState()["hidden1.weight"].ToSingles());
        other.Load("half.safetensors");
        var expected = model.GetState()["hidden1.weight"].ToSingles().Select(x => (float)(Half)x);
        Assert.Equal(expected, other.GetState()["hidden1.weight"].ToSingles());
        File.WriteAllText("model.json", "{}");
        Assert.Throws<CheckpointException>(() => other.ImportJson("model.json"));
    });

    [Fact]
    public void Training_data_loader()
    {
        using var model = Compiled();
        using var data = Data(50);
        var trainer = new Trainer(model);
        var rows = new List<int>();
        foreach (Batch batch in data.Batches(batchSize: 16, shuffle: true, seed: 1))
        {
            trainer.TrainStep(batch.Inputs, batch.Targets);
            rows.Add(batch.Rows);
        }
        Assert.Equal([16, 16, 16, 2], rows);
        Assert.Equal(3, data.Batches(16, dropLast: true).Count());
        var order = data.Batches(16, shuffle: true, seed: 1).SelectMany(batch => batch.Inputs[0].ToSingles()).ToArray();
        Assert.Equal(order, data.Batches(50, shuffle: true, seed: 1).Single().Inputs[0].ToSingles());
        Assert.NotEqual(order, data.Batches(50, shuffle: true, seed: 2).Single().Inputs[0].ToSingles());
        Assert.Equal(data.GetInput().ToSingles(), data.Batches(7).SelectMany(batch => batch.Inputs[0].ToSingles()));
        Assert.Equal(data.GetTarget().ToDoubles().Order(), data.Batches(7, shuffle: true).SelectMany(batch => batch.Targets[0].ToDoubles()).Order());
        using var weighted = data.WithWeights([.. Enumerable.Range(0, 50).Select(i => (float)i)]);
        Assert.Equal([48f, 49f], weighted.Batches(16).Last().Weights!.ToSingles());
        Assert.Throws<ArgumentOutOfRangeException>(() => data.Batches(0));
    }

    [Fact]
    public void Dataset_split_normalize_one_hot_statistics()
    {
        float[,] x = { { 1, 10 }, { 2, 20 }, { 3, 60 }, { 4, 40 }, { 5, 50 } };
        long[] y = [0, 1, 2, 1, 0];
        using Dataset data = Dataset.FromArrays(x, y);
        var (train, held) = data.Split(0.8, seed: 42);
        DataStatistics statistics = train.InputStatistics();
        Normalization scale = statistics.Standard();              // or MinMax()
        using Dataset scaledTrain = train.Normalize(scale);
        using Dataset scaledHeld = held.Normalize(scale);         // the statistics of the training rows
        string stored = scale.ToJson();                           // for the program that predicts
        using Dataset unitRows = data.NormalizeRows();
        using Dataset oneHot = data.OneHot(classes: 3);
        using var first = train;
        using var second = held;
        Assert.Equal((4, 1), (train.Count, held.Count));
        var column = Enumerable.Range(0, 4).Select(i => train.GetInput().ToDoubles()[2 * i]).ToArray();
        var (mean, deviation) = (column.Average(), Math.Sqrt(column.Average(v => (v - column.Average()) * (v - column.Average()))));
        Assert.Equal(mean, statistics.Mean[0], 6);
        Assert.Equal((held.GetInput().ToDoubles()[0] - mean) / deviation, scaledHeld.GetInput().ToDoubles()[0], 5);
        Assert.Equal(0, Enumerable.Range(0, 4).Average(i => scaledTrain.GetInput().ToDoubles()[(2 * i) + 1]), 5);
        Assert.Equal(scale, Normalization.FromJson(stored));
        Assert.Equal(3 / Math.Sqrt(3609), unitRows.GetInput().ToDoubles()[4], 6);
        Assert.Equal([1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0], oneHot.GetTarget().ToDoubles());
        Assert.Equal([2L, 2L, 1L], data.ClassCounts());
        Assert.Equal(5, data.Count);
        Assert.Equal([5, 2], data.InputShapes[0]);
        Assert.Equal([5], data.TargetShapes[0]);
        using var ranged = data.Normalize(data.InputStatistics().MinMax());
        Assert.Equal([0, 0, 0.25, 0.2, 0.5, 1, 0.75, 0.6, 1, 0.8], ranged.GetInput().ToDoubles().Select(v => Math.Round(v, 6)));
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
