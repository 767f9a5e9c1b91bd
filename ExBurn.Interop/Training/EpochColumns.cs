using System.Globalization;

namespace ExBurn;

/// <summary>The numbers of an epoch under their names, in the order in which files list them.</summary>
internal static class EpochColumns
{
    public static List<KeyValuePair<string, double>> Of(EpochResult epoch)
    {
        List<KeyValuePair<string, double>> columns = [new("epoch", epoch.Epoch), .. Scalars(epoch)];
        columns.Add(new("gradient_norm", epoch.GradientNorm));
        columns.Add(new("samples", epoch.Samples));
        columns.Add(new("steps", epoch.Steps));
        if (!double.IsNaN(epoch.LossScale))
        {
            columns.Add(new("skipped_steps", epoch.SkippedSteps));
            columns.Add(new("loss_scale", epoch.LossScale));
        }
        columns.Add(new("seconds", epoch.Duration.TotalSeconds));
        return columns;
    }

    /// <summary>What a plot shows over the epochs: loss, metrics, those of the validation, learning rate.</summary>
    public static IEnumerable<KeyValuePair<string, double>> Scalars(EpochResult epoch)
    {
        yield return new("loss", epoch.Loss);
        foreach (var metric in epoch.Metrics)
            yield return metric;
        if (epoch.Validation is { } validation)
        {
            yield return new("validation_loss", validation.Loss);
            foreach (var metric in validation.Metrics)
                yield return new("validation_" + metric.Key, metric.Value);
        }
        yield return new("learning_rate", epoch.LearningRate);
    }

    public static string Header(List<KeyValuePair<string, double>> columns)
        => string.Join(",", columns.Select(column => Quoted(column.Key))) + "\n";

    public static string Line(List<KeyValuePair<string, double>> columns)
        => string.Join(",", columns.Select(column => column.Value.ToString("R", CultureInfo.InvariantCulture))) + "\n";

    // A metric's name is the user's.
    private static string Quoted(string name)
        => name.IndexOfAny([',', '"', '\n', '\r']) < 0 ? name : "\"" + name.Replace("\"", "\"\"") + "\"";
}
