using System.Text.Json;

namespace ExBurn;

/// <summary>Results of epochs as JSON that keeps every bit.</summary>
internal static class EpochJson
{
    public static void Write(Utf8JsonWriter json, EpochResult epoch)
    {
        json.WriteStartObject();
        json.WriteNumber("epoch", epoch.Epoch);
        WriteMeasured(json, epoch.Loss, epoch.Metrics, epoch.Samples, epoch.Duration);
        json.WriteExact("rate", epoch.LearningRate);
        json.WriteExact("gradient_norm", epoch.GradientNorm);
        json.WriteNumber("steps", epoch.Steps);
        if (!double.IsNaN(epoch.LossScale))
        {
            json.WriteNumber("skipped_steps", epoch.SkippedSteps);
            json.WriteExact("loss_scale", epoch.LossScale);
        }
        if (epoch.Validation is { } validation)
        {
            json.WriteStartObject("validation");
            WriteMeasured(json, validation.Loss, validation.Metrics, validation.Samples, validation.Duration);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    public static EpochResult Read(JsonElement json) => new()
    {
        Epoch = json.GetProperty("epoch").GetInt32(),
        Loss = json.Exact("loss"),
        Metrics = Metrics(json),
        Samples = json.Number("samples"),
        Duration = TimeSpan.FromTicks(json.Number("ticks")),
        LearningRate = json.Exact("rate"),
        GradientNorm = json.Exact("gradient_norm"),
        Steps = json.Number("steps"),
        SkippedSteps = json.TryGetProperty("skipped_steps", out _) ? json.Number("skipped_steps") : 0,
        LossScale = json.TryGetProperty("loss_scale", out _) ? json.Exact("loss_scale") : double.NaN,
        Validation = !json.TryGetProperty("validation", out var validation) ? null : new()
        {
            Loss = validation.Exact("loss"),
            Metrics = Metrics(validation),
            Samples = validation.Number("samples"),
            Duration = TimeSpan.FromTicks(validation.Number("ticks")),
        },
    };

    private static void WriteMeasured(Utf8JsonWriter json, double loss, MetricValues metrics, long samples, TimeSpan duration)
    {
        json.WriteExact("loss", loss);
        json.WriteStartObject("metrics");
        foreach (var metric in metrics)
            json.WriteExact(metric.Key, metric.Value);
        json.WriteEndObject();
        json.WriteNumber("samples", samples);
        json.WriteNumber("ticks", duration.Ticks);
    }

    private static MetricValues Metrics(JsonElement json)
    {
        var metrics = json.GetProperty("metrics").EnumerateObject().ToArray();
        return new([.. metrics.Select(metric => metric.Name)], [.. metrics.Select(metric => json.GetProperty("metrics").Exact(metric.Name))]);
    }
}
