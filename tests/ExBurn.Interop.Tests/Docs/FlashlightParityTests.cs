using ExBurn.Tests.Support;

namespace ExBurn.Tests.Docs;

/// <summary>docs/from-flashlight.md: every name and call shape of Flashlight's training guide, which are PyTorch's.</summary>
[Collection("current directory")]
public sealed class FlashlightParityTests
{
    private static Sequential Network(Optimizer? optimizer = null)
    {
        var model = new Sequential(
            new Linear(784, 32) { Name = "backbone" }, new ReLU(), new Linear(32, 10) { Name = "head" });
        model.Compile(optimizer ?? new Adam(1e-3), Loss.CrossEntropy(), [Metric.Accuracy()], inputShape: [784], seed: 1);
        return model;
    }

    private static Dataset Data(int rows = 64)
    {
        var (images, labels) = InOwnFolder.Digits(rows);
        return Dataset.FromArrays(images, labels);
    }

    private static (TensorData X, TensorData Y) Batch(int rows = 16)
    {
        var (images, labels) = InOwnFolder.Digits(rows);
        return (new(images), new(labels));
    }

    [Fact]
    public void Training_loop_basics()
    {
        var dataloader = Enumerable.Repeat(Batch(), 3).ToList();
        using var model = new Sequential(new Linear(784, 32), new ReLU(), new Linear(32, 10));
        model.Compile(new Adam(1e-3), Loss.CrossEntropy());
        var trainer = new Trainer(model);

        for (var epoch = 0; epoch < 5; epoch++)
        {
            StepResult step = default;
            foreach (var (batchX, batchY) in dataloader)
                step = trainer.TrainStep(batchX, batchY);
            Console.WriteLine($"Epoch {epoch}, Loss: {step.Loss:F4}");
        }
        Assert.True(trainer.EvaluateStep(dataloader[0].X, dataloader[0].Y).Loss < 2.2);
    }

    [Fact]
    public void Zero_grad_backward_step_in_two_calls()
    {
        using var model = Network();
        using var whole = Network();
        var trainer = new Trainer(model);
        var (batchX, batchY) = Batch();
        using Gradients gradients = trainer.ComputeGradients(batchX, batchY);   // forward, zero_grad, backward
        trainer.ApplyGradients(gradients);                                      // step
        new Trainer(whole).TrainStep(batchX, batchY);
        Assert.Equal(whole.GetState()["head.weight"].ToSingles(), model.GetState()["head.weight"].ToSingles());
    }

    [Fact]
    public void Optimizers()
    {
        Optimizer[] optimizers =
        [
            new SGD(0.01),
            new SGD(0.01) { Momentum = 0.9 },
            new SGD(0.01) { Momentum = 0.9, Nesterov = true },
            new SGD(0.01) { Momentum = 0.9, WeightDecay = 1e-4 },
            new Adam(1e-3) { Betas = (0.9, 0.999), Eps = 1e-8 },
            new AdamW(1e-3) { Betas = (0.9, 0.999), WeightDecay = 0.01 },
        ];
        var (x, y) = Batch();
        foreach (var optimizer in optimizers)
        {
            using var model = Network(optimizer);
            var trainer = new Trainer(model);
            var first = trainer.TrainStep(x, y).Loss;
            trainer.TrainStep(x, y);
            Assert.True(trainer.EvaluateStep(x, y).Loss < first, optimizer.ToString());
        }
    }

    [Fact]
    public void Parameter_groups()
    {
        var (x, y) = Batch();
        using var model = Network(new SGD(1e-3)
        {
            Groups = [new ParameterGroup("backbone") { LearningRate = 1e-4 }, new ParameterGroup("head") { LearningRate = 1e-3 }],
        });
        var trainer = new Trainer(model);
        trainer.LearningRate *= 0.1;   // all groups follow: 1e-5 and 1e-4
        using var gradients = trainer.ComputeGradients(x, y);
        var before = model.GetState();
        trainer.ApplyGradients(gradients);
        var after = model.GetState();
        foreach (var (name, rate) in new[] { ("backbone.weight", 1e-5), ("head.bias", 1e-4) })
        {
            var expected = before[name].ToDoubles().Zip(gradients[name].ToDoubles(), (p, g) => p - (rate * g)).ToArray();
            Close.Check(expected, after[name].ToDoubles(), 1e-6, 1e-8, name);
        }
    }

    [Fact]
    public void Schedulers()
    {
        Schedule step = new StepDecay(stepSize: 10, gamma: 0.1);
        Schedule multiStep = new MultiStepDecay([30, 60, 90], gamma: 0.1);
        Schedule exponential = new ExponentialDecay(gamma: 0.95);
        Schedule cosine = new CosineAnnealing(period: 100, minRate: 1e-6);
        Schedule plateau = new ReduceOnPlateau(factor: 0.1, patience: 10) { Threshold = 1e-4 };
        Schedule oneCycle = new OneCycle(maxRate: 0.01);   // as long as the run
        Schedule chained = new ChainedSchedule(
            new LinearSchedule(startFactor: 0.1, length: 5), new ExponentialDecay(0.9));
        Assert.Equal(0.001, step.Preview(0.1, 21)[20], 12);
        Assert.Equal(0.01, multiStep.Preview(0.1, 31)[30], 12);
        Assert.Equal(0.1 * 0.95 * 0.95, exponential.Preview(0.1, 3)[2], 12);
        Assert.Equal(1e-6 + ((0.1 - 1e-6) / 2), cosine.Preview(0.1, 51)[50], 12);
        // PyTorch's numbers for the chained example, base rate 0.1.
        Close.Check([.01, .0252, .03726, .046656, .0538002, .059049, .0531441, .04782969], chained.Preview(0.1, 8), 1e-9, 0, "chained");
        var flat = plateau.Preview(0.1, Enumerable.Repeat(1.0, 12));
        Assert.Equal((0.1, 0.01), (flat[11], Math.Round(flat[12], 12)));
        Assert.Equal(ScheduleInterval.Step, oneCycle.Interval);
    }

    [Fact]
    public void Schedulers_per_batch_and_on_a_validation_loss()
    {
        using var model = Network(new SGD(0.1) { Momentum = 0.9 });
        using var train = Data();
        using var validation = Data(20);
        var trainer = new Trainer(model);
        trainer.Fit(train, new FitOptions { Epochs = 4, BatchSize = 16, Schedule = new OneCycle(maxRate: 0.1) });
        trainer.Fit(train, new FitOptions { Epochs = 2, Validation = validation, Schedule = new ReduceOnPlateau(factor: 0.1, patience: 10) });
        Assert.Equal(6, trainer.CompletedEpochs);
        var scheduler = new OneCycle(maxRate: 0.01, length: 3).Start(trainer.LearningRate);
        foreach (var (batchX, batchY) in Enumerable.Repeat(Batch(), 2))
        {
            trainer.LearningRate = scheduler.Rate;
            trainer.TrainStep(batchX, batchY);
            scheduler.Step();
        }
        Assert.Equal(2, scheduler.Position);
    }

    [Fact]
    public void Gradient_clipping()
    {
        using var model = Network();
        using var train = Data();
        var trainer = new Trainer(model);
        var (batchX, batchY) = Batch();
        trainer.Fit(train, new FitOptions { ClipNorm = 1.0, ClipValue = 0.5 });

        using Gradients gradients = trainer.ComputeGradients(batchX, batchY);
        double norm = gradients.ClipNorm(1.0);
        trainer.ApplyGradients(gradients);
        Assert.Equal(Math.Min(norm, norm / (norm + 1e-6)), gradients.Norm(), 4);
    }

    [Fact]
    public void Gradient_accumulation()
    {
        using var model = new Sequential(new Linear(784, 10));
        using var whole = new Sequential(new Linear(784, 10));
        foreach (var one in new[] { model, whole })
            one.Compile(new SGD(0.1), Loss.CrossEntropy(), seed: 1, dtype: DType.Float64);
        var (images, labels) = InOwnFolder.Digits(64);
        var values = images.Cast<float>().ToArray();
        var batches = Enumerable.Range(0, 4).Select(i => (
            new TensorData(new TensorView(values.AsSpan(i * 16 * 784, 16 * 784), [16, 784])),
            new TensorData(new TensorView(labels.AsSpan(i * 16, 16), [16])))).ToArray();
        const int accumulationSteps = 4;
        var trainer = new Trainer(model);
        Gradients? sum = null;
        foreach (var (batchX, batchY) in batches)
        {
            var gradients = trainer.ComputeGradients(batchX, batchY);
            gradients.Scale(1.0 / accumulationSteps);
            if (sum is null)
            {
                sum = gradients;
                continue;
            }
            sum.Add(gradients);
            gradients.Dispose();
        }
        trainer.ApplyGradients(sum!);
        sum!.Dispose();
        using var data = Dataset.FromArrays(images, labels);
        new Trainer(whole).Fit(data, new FitOptions { BatchSize = 16, AccumulationSteps = 4 });
        Close.Check(whole.GetState()["0.weight"].ToDoubles(), model.GetState()["0.weight"].ToDoubles(), 1e-10, 1e-12, "weight");
    }

    [Fact]
    public void Disabling_gradients()
    {
        using var model = Network();
        var (x, y) = Batch();
        var before = model.GetState();
        TensorData output = model.Predict(x);   // no graph is recorded, dropout and batch norm act as in evaluation
        model.Freeze("backbone");
        new Trainer(model).TrainStep(x, y);
        Assert.Equal([16, 10], output.Shape);
        Assert.Equal(before["backbone.weight"].ToSingles(), model.GetState()["backbone.weight"].ToSingles());
        Assert.NotEqual(before["head.weight"].ToSingles(), model.GetState()["head.weight"].ToSingles());
    }

    [Fact]
    public void Inspecting_gradients()
    {
        using var model = Network();
        model.Freeze("backbone");
        var trainer = new Trainer(model);
        var (batchX, batchY) = Batch();
        var norms = new List<string>();
        using Gradients gradients = trainer.ComputeGradients(batchX, batchY);
        foreach (var name in gradients.Names)
            norms.Add($"{name}: grad_norm = {gradients.Norm(name):F4}");
        Assert.Equal(2, norms.Count);
        var gradient = gradients["head.weight"].ToDoubles();
        Assert.Equal(Math.Sqrt(gradient.Sum(g => g * g)), gradients.Norm("head.weight"), 6);
    }

    [Fact]
    public void Best_model_tracking() => InOwnFolder.Run(_ =>
    {
        using var model = Network();
        using var train = Data();
        using var validation = Data(20);
        var trainer = new Trainer(model);
        var bestLoss = double.PositiveInfinity;
        for (var epoch = 0; epoch < 5; epoch++)
        {
            trainer.Fit(train);
            Evaluation result = trainer.Evaluate(validation);
            if (result.Loss < bestLoss)
            {
                bestLoss = result.Loss;
                model.Save("best_model.safetensors");
            }
        }
        using var best = Network();
        best.Load("best_model.safetensors");
        Assert.Equal(bestLoss, new Trainer(best).Evaluate(validation).Loss, 9);
    });

    [Fact]
    public void Saving_and_loading_checkpoints() => InOwnFolder.Run(_ =>
    {
        using var whole = Network();
        using var model = Network();
        using var another = Network();
        using var train = Data();
        var schedule = new StepDecay(1, 0.5);
        new Trainer(whole).Fit(train, new FitOptions { Epochs = 4, Schedule = schedule });
        var trainer = new Trainer(model);
        trainer.Fit(train, new FitOptions { Epochs = 2, Schedule = schedule });
        trainer.SaveCheckpoint("run.safetensors");

        var resumed = new Trainer(another);   // perhaps in another process
        History history = resumed.Fit(train, new FitOptions { Epochs = 4, Schedule = schedule, ResumeFrom = "run.safetensors" });
        Assert.Equal(4, history.Epochs.Count);
        Assert.Equal(whole.GetState()["head.weight"].ToSingles(), another.GetState()["head.weight"].ToSingles());
        Assert.Equal(4, resumed.CompletedEpochs);
    });

    [Fact]
    public void Gradient_checkpointing()
    {
        var (images, labels) = InOwnFolder.Digits();
        using var train = Dataset.FromArrays(images, labels);
        Sequential Deep()
        {
            var deep = new Sequential(new Linear(784, 16), new Tanh(), new Linear(16, 16), new BatchNorm1d(16), new Dropout(0.1), new Linear(16, 10));
            deep.Compile(new Adam(0.001), Loss.CrossEntropy(), seed: 1);
            return deep;
        }
        using var model = Deep();
        using var plain = Deep();
        new Trainer(model).Fit(train, new FitOptions { Epochs = 2, BatchSize = 16, GradientCheckpointSegments = 4 });
        new Trainer(plain).Fit(train, new FitOptions { Epochs = 2, BatchSize = 16 });
        Assert.Equal(plain.GetState()["0.weight"].ToSingles(), model.GetState()["0.weight"].ToSingles());
        Assert.Equal(plain.GetState()["3.running_var"].ToSingles(), model.GetState()["3.running_var"].ToSingles());
    }

    [Fact]
    public void Complete_training_example() => InOwnFolder.Run(_ =>
    {
        var random = new Random(5);
        var (pictures, kinds) = (new float[48, 3, 8, 8], new long[48]);
        for (var i = 0; i < 48; i++)
        {
            kinds[i] = i % 3;
            for (var y = 0; y < 8; y++)
                for (var x = 0; x < 8; x++)
                    pictures[i, (int)kinds[i], y, x] = 1 + (0.1f * (float)random.NextDouble());
        }
        using var train = Dataset.FromArrays(pictures, kinds);
        using var validation = Dataset.FromArrays(pictures, kinds);
        using var model = new Sequential(
            new Conv2d(3, 64, 3) { Padding = 1 },
            new BatchNorm2d(64),
            new ReLU(),
            new MaxPool2d(2),
            new Conv2d(64, 128, 3) { Padding = 1 },
            new BatchNorm2d(128),
            new ReLU(),
            new MaxPool2d(2),
            new AdaptiveAvgPool2d(1),
            new Flatten(),
            new Linear(128, 10));
        model.Compile(
            new SGD(0.1) { Momentum = 0.9, WeightDecay = 1e-4 }, Loss.CrossEntropy(), metrics: [Metric.Accuracy()]);

        var best = new EarlyStopping(patience: 100, monitor: Monitored.ValidationMetric(Metric.Accuracy()), restoreBest: true);
        History history = new Trainer(model).Fit(train, new FitOptions
        {
            Epochs = 3,
            BatchSize = 16,
            Validation = validation,
            Schedule = new CosineAnnealing(),
            Callbacks = [best],
        });
        foreach (EpochResult epoch in history.Epochs)
        {
            Console.WriteLine($"Epoch {epoch.Epoch}/{history.Epochs.Count}");
            Console.WriteLine($"  Train Loss: {epoch.Loss:F4}, Acc: {100 * epoch.Metrics["accuracy"]:F2}%");
            Console.WriteLine($"  Val Loss: {epoch.Validation!.Loss:F4}, Acc: {100 * epoch.Validation.Accuracy:F2}%");
            Console.WriteLine($"  LR: {epoch.LearningRate:F6}");
        }
        model.Save("best_model.safetensors");
        Assert.Equal(best.Best, new Trainer(model).Evaluate(validation).Accuracy, 9);
        Assert.True(history.Epochs[^1].Loss < history.Epochs[0].Loss);
    });
}
