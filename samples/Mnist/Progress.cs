using Spectre.Console;

namespace ExBurn.Samples.Mnist;

/// <summary>Shows a run as it goes: a live bar in a terminal, a line per epoch elsewhere.</summary>
internal static class Progress
{
    /// <summary>Runs the training with a view of its progress.</summary>
    /// <param name="train">Trains, reporting to what it is given.</param>
    public static History Show(Func<IProgress<TrainingProgress>, History> train) =>
        AnsiConsole.Profile.Capabilities.Interactive && !Console.IsOutputRedirected ? Bar(train) : train(new Lines());

    private static History Bar(Func<IProgress<TrainingProgress>, History> train) =>
        AnsiConsole.Progress()
            .AutoRefresh(true)
            .Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(context => train(new Tasks(context)));

    private static string Describe(in TrainingProgress now) =>
        $"loss {now.Batch.MeanLoss:F4}  accuracy {100 * now.Batch.Metrics["accuracy"]:F2} %  {now.Batch.SamplesPerSecond:F0}/s";

    private static string Time(TimeSpan time) => $"{(int)time.TotalMinutes}:{time.Seconds:00}";

    /// <summary>One bar per epoch; a finished one stays with its validation.</summary>
    private sealed class Tasks(ProgressContext context) : IProgress<TrainingProgress>
    {
        private ProgressTask? _task;
        private int _epoch;

        public void Report(TrainingProgress value)
        {
            var epoch = $"epoch {value.EpochsDone + (value.Completed is null ? 1 : 0)}/{value.Epochs}";
            if (value.Epoch != _epoch || _task is null)
            {
                _epoch = value.Epoch;
                _task = context.AddTask(epoch, maxValue: value.Batch.SamplesTotal);
            }
            var tail = value.Completed is { } done ? $"test {100 * done.Validation?.Accuracy:F2} %" : $"{Time(value.Remaining)} left";
            _task.Value = value.Batch.Samples;
            _task.Description = Markup.Escape($"{epoch}  {Describe(value)}  {tail}");
            if (value.Completed is not null)
                _task.StopTask();
        }
    }

    /// <summary>Plain lines: at most one per two seconds within an epoch, and one at its end.</summary>
    private sealed class Lines : IProgress<TrainingProgress>
    {
        private TimeSpan _next = TimeSpan.FromSeconds(2);

        public void Report(TrainingProgress value)
        {
            if (value.Completed is { } epoch)
                Console.WriteLine($"epoch {value.EpochsDone}/{value.Epochs}  {Describe(value)}  test accuracy {100 * epoch.Validation?.Accuracy:F2} %  {Time(value.Elapsed)}");
            else if (value.Elapsed >= _next)
                Console.WriteLine($"epoch {value.EpochsDone + 1}/{value.Epochs}  {value.Batch.Samples}/{value.Batch.SamplesTotal}  {Describe(value)}  {Time(value.Remaining)} left");
            else
                return;
            _next = value.Elapsed + TimeSpan.FromSeconds(2);
        }
    }
}
