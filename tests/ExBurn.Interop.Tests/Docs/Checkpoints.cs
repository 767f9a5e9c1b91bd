using System.Globalization;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Docs;

/// <summary>The blocks of docs/checkpoints.md, word for word.</summary>
[Collection("current directory")]
public sealed class Checkpoints
{
    [Fact]
    public void A_run_is_interrupted_and_goes_on()
    {
        using var folder = new TemporaryFolder();
        var before = Directory.GetCurrentDirectory();
        Directory.SetCurrentDirectory(folder.Path);
        try
        {
            Run();
        }
        finally
        {
            Directory.SetCurrentDirectory(before);
        }
    }

    private static void Run()
    {
        using var train = Training.Blobs.Dataset(320);
        using var test = Training.Blobs.Dataset(30, 2);
        using var model = Training.Blobs.Model();
        var trainer = new Trainer(model);
        var first = Fit(trainer, train, test);
        Assert.True(File.Exists("runs/digits/best.safetensors"));
        var again = Fit(trainer, train, test);
        Assert.Equal(first.ToCsv(), again.ToCsv());
        Files(trainer);
        Average(model, trainer, train, test);
        Groups(model, trainer, train);
    }

    private static History Fit(Trainer trainer, Dataset train, Dataset test)
    {
        History history = trainer.Fit(train, new FitOptions
        {
            Epochs = 20,
            BatchSize = 64,
            Validation = test,
            Callbacks = [new EarlyStopping(patience: 3), new Checkpoint("runs/digits", keepBest: true, keepLast: 3) { EverySteps = 100 }],
            ResumeFrom = "runs/digits",
            StartAnewWithoutFile = true,
        });
        return history;
    }

    private static void Files(Trainer trainer)
    {
        trainer.SaveCheckpoint("run.safetensors");
        History sofar = trainer.LoadCheckpoint("run.safetensors");
        Assert.NotEmpty(sofar.Epochs);
    }

    private static void Average(Model model, Trainer trainer, Dataset train, Dataset test)
    {
        trainer.Fit(train, new FitOptions { Epochs = 5, Ema = new WeightAverage(0.999) { Warmup = true }, Validation = test });
        using (trainer.UseAveragedWeights())
        {
            Evaluation averaged = trainer.Evaluate(test);
            model.Save("averaged.safetensors");
        }
    }

    private static void Groups(Model model, Trainer trainer, Dataset train)
    {
        var optimizer = new SGD(0.1)
        {
            Momentum = 0.9,
            Groups = [new ParameterGroup("0") { LearningRate = 0.01, Schedule = new ExponentialDecay(0.9) }],
        };
        model.Compile(optimizer, Loss.CrossEntropy(), [Metric.Accuracy()]);
        trainer.Fit(train, new FitOptions { Epochs = 2, Schedule = new OneCycle(0.2) });
        trainer.Fit(train, new FitOptions { Callbacks = [new CountSteps()] });
    }

    internal sealed class CountSteps : Callback
    {
        private long _count;

        public override int? StepInterval => 10;

        public override void OnSteps(TrainingContext context) => _count += 10;

        public override CallbackState SaveState() => new(_count.ToString(CultureInfo.InvariantCulture));

        public override void LoadState(TrainingContext context, CallbackState state) => _count = long.Parse(state.Text, CultureInfo.InvariantCulture);
    }
}
