using Spectre.Console;

namespace ExBurn.Samples.Mnist;

/// <summary>Trains a classifier of handwritten digits, judges it on digits it has not seen, saves it.</summary>
internal static class Program
{
    private const int Failed = 1;
    private const int WrongUsage = 2;
    private const int Interrupted = 130;

    private static int Main(string[] arguments)
    {
        // Spectre looks at the terminal's name only; what goes to a file or a pipe shall be plain.
        if (Console.IsOutputRedirected)
            AnsiConsole.Profile.Capabilities.Ansi = false;

        // Ctrl-C ends the run between two batches; a second one ends the program.
        using var cancel = new CancellationTokenSource();
        Console.CancelKeyPress += (_, press) =>
        {
            press.Cancel = !cancel.IsCancellationRequested;
            cancel.Cancel();
        };

        try
        {
            var options = Options.Parse(arguments);
            if (options.Help)
            {
                Console.WriteLine(Options.Usage);
                return 0;
            }
            return Run(options, cancel.Token);
        }
        catch (UsageException error)
        {
            Console.Error.WriteLine($"{error.Message}\n\n{Options.Usage}");
            return WrongUsage;
        }
        catch (Exception error) when (error is ExBurnException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(error.Message);
            return Failed;
        }
    }

    private static int Run(Options options, CancellationToken cancel)
    {
        var device = options.Device;
        if (device.AvailabilityReason is { } reason)
            throw new DeviceException($"Device {device} cannot be used: {reason}");
        // Now, so that a path that cannot be is known before the work is done.
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(options.SaveTo))!);

        var (digits, unseen) = ExBurn.Mnist.Load(options.Data);
        var layout = Networks.Layout(options.Model);
        using var train = digits.ToDataset(layout, ExBurn.Mnist.Mean, ExBurn.Mnist.StandardDeviation);
        using var test = unseen.ToDataset(layout, ExBurn.Mnist.Mean, ExBurn.Mnist.StandardDeviation);

        using var model = Networks.Create(options.Model);
        model.Compile(
            new Adam(1e-3),
            Loss.CrossEntropy(),
            metrics: [Metric.Accuracy()],
            device: device,
            inputShape: unseen.InputShape(layout).WithoutFirst(),
            seed: options.Seed);
        Console.WriteLine(model.Summary());
        Console.WriteLine($"{digits.Count} digits to train on, {unseen.Count} to test, device {device} ({device.Info.Name})");
        Console.WriteLine();

        var trainer = new Trainer(model);
        var fit = new FitOptions { Epochs = options.Epochs, BatchSize = options.BatchSize, Validation = test, ValidationBatchSize = 500 };
        try
        {
            var history = Progress.Show(progress => trainer.FitAsync(train, fit, progress, cancel).GetAwaiter().GetResult());
            Console.WriteLine($"trained in {history.Duration.TotalSeconds:F1} s");
        }
        catch (OperationCanceledException)
        {
            // The model is as after the last whole step: still worth keeping.
            Console.WriteLine("cancelled");
            Save(model, options.SaveTo);
            return Interrupted;
        }

        Judge(model, unseen, layout);
        Save(model, options.SaveTo);
        Console.WriteLine($"test accuracy {100 * trainer.Evaluate(test, cancellationToken: cancel).Accuracy:F2} %");
        return 0;
    }

    private static void Judge(Model model, MnistDataset unseen, MnistLayout layout)
    {
        var pixels = unseen.ToInputs(ExBurn.Mnist.Mean, ExBurn.Mnist.StandardDeviation);
        var scores = model.Predict(new TensorView(pixels, unseen.InputShape(layout)), batchSize: 500).ToSingles();
        var predicted = scores.Chunk(ExBurn.Mnist.Classes).Select(row => Array.IndexOf(row, row.Max())).ToArray();
        Console.WriteLine();
        Report.Confusion(unseen, predicted);
        Report.Samples(unseen, predicted);
    }

    private static void Save(Model model, string path)
    {
        model.Save(path);
        Console.WriteLine($"saved {path}");
    }
}
