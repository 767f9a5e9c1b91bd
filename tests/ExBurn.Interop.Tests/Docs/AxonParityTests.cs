using ExBurn.Tests.Support;

namespace ExBurn.Tests.Docs;

/// <summary>docs/from-axonml.md: every name and call shape of AxonML's training page.</summary>
[Collection("current directory")]
public sealed class AxonParityTests
{
    private static Sequential Network(Optimizer? optimizer = null)
    {
        var model = new Sequential(new Linear(784, 32), new ReLU(), new Linear(32, 10));
        model.Compile(optimizer ?? new Adam(0.001), Loss.CrossEntropy(), metrics: [Metric.Accuracy()], inputShape: [784], seed: 1);
        return model;
    }

    private static IReadOnlyList<(TensorData Inputs, TensorData Targets)> Batches(int count = 4, int rows = 16)
    {
        var (images, labels) = InOwnFolder.Digits(count * rows);
        var values = images.Cast<float>().ToArray();
        return [.. Enumerable.Range(0, count).Select(i => (
            new TensorData(new TensorView(values.AsSpan(i * rows * 784, rows * 784), [rows, 784])),
            new TensorData(new TensorView(labels.AsSpan(i * rows, rows), [rows]))))];
    }

    [Fact]
    public void Basic_training_loop()
    {
        using var model = Network();
        var trainLoader = Batches();
        var losses = new List<double>();
        const int epochs = 5;
        var trainer = new Trainer(model);
        for (var epoch = 0; epoch < epochs; epoch++)
        {
            var totalLoss = 0.0;
            foreach (var (inputs, targets) in trainLoader)
                totalLoss += trainer.TrainStep(inputs, targets).Loss;
            Console.WriteLine($"Epoch {epoch}: Loss = {totalLoss / trainLoader.Count:F4}");
            losses.Add(totalLoss / trainLoader.Count);
        }
        Assert.True(losses[^1] < 0.9 * losses[0]);
    }

    [Fact]
    public void Optimizers_SGD_Adam_AdamW_LAMB_RMSprop()
    {
        Optimizer[] optimizers =
        [
            new SGD(0.01),
            new SGD(0.01) { Momentum = 0.9 },
            new SGD(0.01) { Momentum = 0.9, Nesterov = true },
            new SGD(0.01) { Momentum = 0.9, WeightDecay = 1e-4 },
            new Adam(0.001),
            new Adam(0.001) { Betas = (0.9, 0.999), Eps = 1e-8 },
            new AdamW(0.001) { Betas = (0.9, 0.999), WeightDecay = 0.01 },
            new LAMB(0.001) { Betas = (0.9, 0.999), WeightDecay = 0.01 },
            new RMSprop(0.01) { Alpha = 0.99, Eps = 1e-8, Momentum = 0.0 },
        ];
        // What is written out above are the defaults.
        Assert.Equal(optimizers[4], optimizers[5]);
        Assert.Equal(new AdamW(0.001), optimizers[6]);
        Assert.Equal(new RMSprop(0.01), optimizers[8]);
        var (inputs, targets) = Batches()[0];
        foreach (var optimizer in optimizers)
        {
            using var model = Network(optimizer);
            var trainer = new Trainer(model);
            var first = trainer.TrainStep(inputs, targets).Loss;
            for (var i = 0; i < 10; i++)
                trainer.TrainStep(inputs, targets);
            Assert.True(trainer.EvaluateStep(inputs, targets).Loss < first, optimizer.ToString());
        }
    }

    [Fact]
    public void Schedulers_stepped_by_hand()
    {
        using var model = Network(new Adam(0.1));
        var rates = new List<double>();
        var trainer = new Trainer(model);
        var scheduler = new StepDecay(stepSize: 10, gamma: 0.1).Start(trainer.LearningRate);
        for (var epoch = 0; epoch < 30; epoch++)
        {
            TrainOneEpoch(trainer);
            trainer.LearningRate = scheduler.Step();
            rates.Add(trainer.LearningRate);
        }
        Close.Check([0.1, 0.01, 0.01, 0.001], [rates[8], rates[9], rates[18], rates[19]], 1e-12, 0, "rates");

        static void TrainOneEpoch(Trainer trainer)
        {
            var (inputs, targets) = Batches(1)[0];
            trainer.TrainStep(inputs, targets);
        }
    }

    [Fact]
    public void Schedulers_of_the_page()
    {
        Schedule multiStep = new MultiStepDecay([30, 60, 90], gamma: 0.1);
        Schedule exponential = new ExponentialDecay(0.95);
        Schedule cosine = new CosineAnnealing(period: 100, minRate: 0.0);
        Schedule oneCycle = new OneCycle(maxRate: 0.1, length: 1000);
        Schedule warmup = new Warmup(999, startFactor: 1.0 / 1000) { Interval = ScheduleInterval.Step };
        var rates = multiStep.Preview(0.1, 101);
        Assert.Equal((0.1, 0.01, 0.001, 1e-4), (rates[29], Math.Round(rates[30], 12), Math.Round(rates[60], 12), Math.Round(rates[90], 12)));
        Assert.Equal(0.1 * Math.Pow(0.95, 7), exponential.Preview(0.1, 8)[7], 12);
        Assert.Equal(0.05, cosine.Preview(0.1, 51)[50], 12);
        rates = oneCycle.Preview(0.1, 1000);
        // PyTorch's shape: from max / 25 up to max at 30 % of the run and down to a ten-thousandth of the start.
        Assert.Equal((0.004, 0.1, 4e-7), (Math.Round(rates[0], 12), Math.Round(rates[299], 12), Math.Round(rates[999], 12)));
        rates = warmup.Preview(0.1, 1002);
        for (var k = 1; k <= 1002; k++)
            Assert.Equal(0.1 * Math.Min(k, 1000) / 1000, rates[k - 1], 12);
    }

    [Fact]
    public void ReduceLROnPlateau_step_with_metric()
    {
        using var model = Network(new Adam(0.1));
        var trainer = new Trainer(model);
        var rates = new List<double>();
        var scheduler = new ReduceOnPlateau(factor: 0.5, patience: 2).Start(trainer.LearningRate);
        foreach (var validationLoss in new[] { 1, 0.9, 0.91, 0.91, 0.91 })
            rates.Add(trainer.LearningRate = scheduler.Step(validationLoss));
        Assert.Equal([0.1, 0.1, 0.1, 0.1, 0.05], rates);
    }

    [Fact]
    public void Gradient_clipping()
    {
        using var model = Network();
        var trainer = new Trainer(model);
        var (inputs, targets) = Batches()[0];
        using Gradients gradients = trainer.ComputeGradients(inputs, targets);
        double totalNorm = gradients.ClipNorm(1.0);
        gradients.ClipValue(0.5);
        trainer.ApplyGradients(gradients);
        Assert.True(totalNorm > 1);
        Assert.InRange(gradients.Norm(), 0, 1);
        Assert.All(gradients.ToDictionary().Values, gradient => Assert.True(gradient.ToSingles().Max(Math.Abs) <= 0.5f));
        StepResult step = trainer.TrainStep(inputs, targets, new StepOptions { ClipNorm = 1.0, ClipValue = 0.5 });
        Assert.True(step.GradientNorm > 0);
    }

    [Fact]
    public void Evaluation()
    {
        using var model = Network();
        var testLoader = Batches();
        int correct = 0, total = 0;
        foreach (var (inputs, targets) in testLoader)
        {
            float[][] scores = [.. model.Predict(inputs).ToSingles().Chunk(10)];
            for (var i = 0; i < scores.Length; i++, total++)
                if (Array.IndexOf(scores[i], scores[i].Max()) == targets.AsSpan<long>()[i])
                    correct++;
        }
        var accuracy = 100.0 * correct / total;
        var (images, labels) = InOwnFolder.Digits(64);
        using var test = Dataset.FromArrays(images, labels);
        Evaluation result = new Trainer(model).Evaluate(test);
        Assert.Equal(100 * result.Accuracy, accuracy, 9);
    }

    [Fact]
    public void Modes_follow_from_the_call()
    {
        using var model = new Sequential(new Linear(784, 32), new Dropout(0.9), new Linear(32, 10));
        model.Compile(new SGD(0.0), Loss.CrossEntropy(), seed: 1);
        var trainer = new Trainer(model);
        var (inputs, targets) = Batches()[0];
        // Prediction and evaluation never drop; training drops anew at each step.
        Assert.Equal(model.Predict(inputs).ToSingles(), model.Predict(inputs).ToSingles());
        Assert.Equal(trainer.EvaluateStep(inputs, targets).Loss, trainer.EvaluateStep(inputs, targets).Loss);
        Assert.NotEqual(trainer.TrainStep(inputs, targets).Loss, trainer.TrainStep(inputs, targets).Loss);
    }

    [Fact]
    public void Gradient_checkpointing()
    {
        using var train = Digits();
        using var model = Network();
        using var plain = Network();
        int segments = ActivationMemory.SuggestSegments(layers: 12, perLayer: 100, available: 400);
        History history = new Trainer(model).Fit(train, new FitOptions { BatchSize = 64, GradientCheckpointSegments = segments });
        Assert.Equal(3, segments);
        Assert.Equal(new Trainer(plain).Fit(train, new FitOptions { BatchSize = 64 }).Losses, history.Losses);
        Assert.Equal((1200, 300), ActivationMemory.Estimate(12, 4, 100));
    }

    [Fact]
    public void Training_health()
    {
        using var train = Digits();
        using var model = Network();
        var monitor = new HealthMonitor(new HealthOptions { StopAt = HealthSeverity.Critical });
        monitor.Alerted += (_, alert) => Console.WriteLine(alert);
        new Trainer(model).Fit(train, new FitOptions { Epochs = 2, BatchSize = 64, TerminateOnNaN = false, Callbacks = [monitor] });
        HealthReport report = monitor.Report();
        Console.WriteLine(report);
        Assert.Equal(8, report.Steps);
        Assert.True(report.LastLoss < report.MaxLoss && report.LastGradientNorm > 0);
    }

    [Fact]
    public void Adversarial_steps()
    {
        using var model = Network();
        var trainer = new Trainer(model);
        var (inputs, targets) = Batches()[0];
        for (var i = 0; i < 20; i++)
            trainer.TrainStep(inputs, targets);
        var before = trainer.EvaluateStep(inputs, targets);
        var attack = new ProjectedGradientDescent(epsilon: 0.1, stepSize: 0.03, steps: 5) { Bounds = (0, 1) };
        TensorData adversarial = attack.Perturb(trainer, inputs, targets);
        double robust = trainer.EvaluateStep(adversarial, targets).Metrics["accuracy"];
        trainer.TrainStep(adversarial, targets);
        Assert.True(robust < before.Metrics["accuracy"], $"{robust} {before}");
        Assert.All(adversarial.ToSingles(), value => Assert.InRange(value, 0, 1));
        var quick = new FastGradientSign(0.1) { Bounds = (0, 1) }.Perturb(trainer, inputs, targets);
        Assert.True(trainer.EvaluateStep(quick, targets).Loss > trainer.EvaluateStep(inputs, targets).Loss);
    }

    private static Dataset Digits()
    {
        var (images, labels) = InOwnFolder.Digits(256);
        return Dataset.FromArrays(images, labels);
    }

    [Fact]
    public void Complete_training_script() => InOwnFolder.Run(_ =>
    {
        var mnist = Folders.MnistSubset;
        var accuracies = new List<double>();
        var (trainDigits, testDigits) = Mnist.Load(mnist);
        using var train = trainDigits.ToDataset();
        using var test = testDigits.ToDataset();

        using var model = new Sequential(
            new Linear(784, 256),
            new ReLU(),
            new Linear(256, 10));
        model.Compile(new Adam(0.001), Loss.CrossEntropy(), metrics: [Metric.Accuracy()]);

        var trainer = new Trainer(model);
        var scheduler = new CosineAnnealing(period: 10, minRate: 1e-6).Start(trainer.LearningRate);
        for (var epoch = 0; epoch < 3; epoch++)
        {
            History history = trainer.Fit(train, new FitOptions { BatchSize = 64 });
            Evaluation result = trainer.Evaluate(test);
            accuracies.Add(result.Accuracy);
            Console.WriteLine($"Epoch {epoch}: Loss={history.Epochs[0].Loss:F4}, Acc={100 * result.Accuracy:F2}%, LR={trainer.LearningRate:F6}");
            trainer.LearningRate = scheduler.Step();
        }

        model.Save("mnist_model.safetensors");
        Assert.True(accuracies[^1] > 0.88, $"{accuracies[^1]}");
        Assert.True(File.Exists("mnist_model.safetensors"));
        // Three runs of one epoch draw three orders, as one run of three epochs would.
        Assert.Equal(3, trainer.CompletedEpochs);
    });
}
