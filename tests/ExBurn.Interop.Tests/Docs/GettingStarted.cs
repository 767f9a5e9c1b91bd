using ExBurn.Tests.Support;

namespace ExBurn.Tests.Docs;

/// <summary>The blocks of docs/getting-started.md, word for word.</summary>
[Collection("current directory")]
public sealed class GettingStarted
{
    [Fact]
    public void A_convolutional_model_compiles_and_has_the_names_the_text_says()
    {
        using var model = new Sequential(
            new Conv2d(1, 8, 3) { Padding = 1 },
            new BatchNorm2d(8),
            new ReLU(),
            new MaxPool2d(2),
            new Flatten(),
            new Linear(8 * 14 * 14, 10) { Name = "head" });

        model.Compile(new Adam(1e-3), Loss.CrossEntropy(), metrics: [Metric.Accuracy()], device: Device.Cpu);

        var names = model.ListState().Select(entry => entry.Name).ToList();
        Assert.Equal(["0.weight", "0.bias", "1.weight", "1.bias"], names[..4]);
        Assert.Equal(["head.weight", "head.bias"], names[^2..]);
    }

    [Fact]
    public void Training_prediction_and_files()
    {
        using var folder = new TemporaryFolder();
        var before = Directory.GetCurrentDirectory();
        Directory.SetCurrentDirectory(folder.Path);
        try
        {
            TrainPredictAndSave();
        }
        finally
        {
            Directory.SetCurrentDirectory(before);
        }
    }

    private static void TrainPredictAndSave()
    {
        float[,] points = { { 0, 0 }, { 0, 1 }, { 1, 0 }, { 1, 1 } };
        long[] classes = [0, 1, 1, 0];
        using var xor = Dataset.FromArrays(points, classes);

        using var model = new Sequential(new Linear(2, 16), new Tanh(), new Linear(16, 2));
        model.Compile(new Adam(0.05), Loss.CrossEntropy(), metrics: [Metric.Accuracy()], seed: 1);
        Fit(model, xor, xor);

        var trainer = new Trainer(model);
        for (var step = 0; step < 100; step++)
        {
            StepResult result = trainer.TrainStep(points, classes);
            if (result.Loss < 0.01)
                break;
        }

        using Gradients gradients = trainer.ComputeGradients(points, classes);
        Console.WriteLine($"loss {gradients.Loss}, norm {gradients.Norm("0.weight")}");
        gradients.Scale(0.5, "2.*");
        trainer.ApplyGradients(gradients, new StepOptions { ClipNorm = 1.0 });

        model.Save("digits.safetensors");
        model.Freeze("0.*");
        LoadReport report = model.Load("digits.safetensors");
        model.To(Device.Cpu);
        using var predictor = model.CreatePredictor();
        TensorData scores = predictor.Predict(points);
        float[] values = scores.ToSingles();

        Assert.Empty(report.Missing);
        for (var row = 0; row < classes.Length; row++)
            Assert.Equal(classes[row], values[2 * row] > values[(2 * row) + 1] ? 0 : 1);
    }

    private static void Fit(Sequential model, Dataset train, Dataset test)
    {
        var trainer = new Trainer(model);
        History history = trainer.Fit(train, new FitOptions
        {
            Epochs = 20,
            BatchSize = 64,
            Validation = test,
            ClipNorm = 1.0,
            Callbacks = [new EarlyStopping(patience: 3)],
        });
        Console.WriteLine(history);

        var rate = trainer.LearningRate;
        trainer.Fit(train, new FitOptions { Callbacks = [new HalveRate()] });
        Assert.Equal(rate / 2, trainer.LearningRate);
        trainer.LearningRate = rate;
    }

    internal sealed class HalveRate : Callback
    {
        public override void OnEpochEnd(TrainingContext context, EpochResult epoch) => context.LearningRate /= 2;
    }
}
