using System.Text.Json;

namespace ExBurn;

/// <summary>Losses, optimizer and metrics as the native core reads them; outputs are named by their positions.</summary>
internal sealed record CompileDescription(
    IReadOnlyList<Loss> Losses, Optimizer Optimizer, IReadOnlyList<Metric> Metrics, IReadOnlyList<string> Outputs)
{
    public string ToJson() => JsonText.Object(json =>
    {
        json.WriteNumber("version", ModelDescription.Version);
        json.WriteStartArray("loss");
        foreach (var loss in Losses)
        {
            json.WriteStartObject();
            loss.WriteTo(json);
            if (loss.LossWeight != 1)
                json.WriteNumber("weight", loss.LossWeight);
            WritePlace(json, loss.Output, loss.Targets);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartObject("optimizer");
        Optimizer.WriteTo(json);
        Optimizer.WriteGroups(json);
        json.WriteEndObject();
        json.WriteStartArray("metrics");
        foreach (var metric in Metrics)
        {
            json.WriteStartObject();
            metric.WriteTo(json);
            WritePlace(json, metric.Output, metric.Targets);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });

    private void WritePlace(Utf8JsonWriter json, string? output, ValueArray<int>? targets)
    {
        if (output is not null)
            json.WriteNumber("output", Outputs.ToList().IndexOf(output) is var position and >= 0
                ? position
                : throw new ArgumentException($"The model has no output '{output}'; it has: {string.Join(", ", Outputs)}."));
        if (targets is not { } positions)
            return;
        json.WriteStartArray("targets");
        foreach (var position in positions)
            json.WriteNumberValue(position);
        json.WriteEndArray();
    }
}
