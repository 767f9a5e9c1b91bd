using System.Globalization;
using ExBurn;

// Trains on handwritten digits until the validation no longer improves, and can be stopped at any moment: Ctrl-C, kill, a power cut.
// Started again, it goes on where it was, and ends with the weights that an undisturbed run would have.
//   Resume [FOLDER] [EPOCHS]     default: runs/resume 30
var folder = args.Length > 0 ? args[0] : Path.Combine("runs", "resume");
var epochs = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 30;

using var cancel = new CancellationTokenSource();
Console.CancelKeyPress += (_, press) =>
{
    press.Cancel = !cancel.IsCancellationRequested;
    cancel.Cancel();
};

var (digits, unseen) = Mnist.Load(Path.Combine(AppContext.BaseDirectory, "mnist-subset"));
using var train = digits.ToDataset();
using var test = unseen.ToDataset();
using var model = new Sequential(new Linear(784, 128), new ReLU(), new Dropout(0.2), new Linear(128, 10));
model.Compile(new SGD(0.02) { Momentum = 0.9 }, Loss.CrossEntropy(), [Metric.Accuracy()], seed: 1);
var trainer = new Trainer(model);

// A checkpoint every 20 optimizer steps and after each epoch; the last three stay, and the best weights.
var checkpoint = new Checkpoint(folder, keepBest: true, keepLast: 3) { EverySteps = 20 };
try
{
    var history = trainer.Fit(train, new FitOptions
    {
        Epochs = epochs,
        BatchSize = 64,
        Validation = test,
        Schedule = new Warmup(50) { Interval = ScheduleInterval.Step },
        Ema = new WeightAverage(0.99) { Warmup = true },
        Callbacks = [new Report(), new EarlyStopping(patience: 5), checkpoint],
        ResumeFrom = folder,
        StartAnewWithoutFile = true,
    }, cancel.Token);
    Console.WriteLine($"{history.StopReason} after {history.Epochs.Count} epochs {history.StopMessage}");
}
catch (OperationCanceledException)
{
    Console.WriteLine($"interrupted; the same command goes on from {checkpoint.LastPath}");
    return 130;
}

using (trainer.UseAveragedWeights())
    Console.WriteLine($"accuracy of the averaged weights: {100 * trainer.Evaluate(test).Accuracy:F2} %");
Console.WriteLine($"best weights, of epoch {checkpoint.BestEpoch}: {checkpoint.BestPath}");
return 0;

/// <summary>Says where the run is.</summary>
internal sealed class Report : Callback
{
    public override void OnTrainBegin(TrainingContext context)
        => Console.WriteLine(context.IsResumed ? $"goes on after {context.History.Epochs.Count} epochs, step {context.Steps}" : "begins");

    public override void OnEpochEnd(TrainingContext context, EpochResult epoch) => Console.WriteLine(epoch);
}
