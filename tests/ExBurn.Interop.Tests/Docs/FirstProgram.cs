using ExBurn.Tests.Support;

namespace ExBurn.Tests.Docs;

/// <summary>The first program of README.md, word for word, run in the checkout.</summary>
[Collection("current directory")]
public sealed class FirstProgram
{
    [Fact]
    public void Runs_and_learns()
    {
        using var folder = new TemporaryFolder();
        var before = Directory.GetCurrentDirectory();
        Directory.CreateDirectory(folder.File("data/mnist-subset"));
        foreach (var file in Directory.EnumerateFiles(Folders.MnistSubset))
            File.Copy(file, folder.File("data/mnist-subset/" + Path.GetFileName(file)));
        Directory.SetCurrentDirectory(folder.Path);
        try
        {
            var (accuracy, epochs) = Run();
            Assert.True(accuracy > 0.85, $"accuracy {accuracy}");
            Assert.Equal(5, epochs);
            Assert.True(File.Exists(folder.File("digits.safetensors")));
        }
        finally
        {
            Directory.SetCurrentDirectory(before);
        }
    }

    private static (double Accuracy, int Epochs) Run()
    {
        var (digits, unseen) = Mnist.Load("data/mnist-subset");
        using var train = digits.ToDataset();
        using var test = unseen.ToDataset();

        using var model = new Sequential(
            new Linear(784, 128), new ReLU(), new Dropout(0.2), new Linear(128, 10));
        model.Compile(new Adam(1e-3), Loss.CrossEntropy(), metrics: [Metric.Accuracy()], device: Device.Cpu);
        Console.WriteLine(model.Summary());

        var trainer = new Trainer(model);
        History history = trainer.Fit(train, new FitOptions { Epochs = 5, BatchSize = 128 });
        Evaluation result = trainer.Evaluate(test);

        model.Save("digits.safetensors");

        return (result.Accuracy, history.Epochs.Count);
    }
}
