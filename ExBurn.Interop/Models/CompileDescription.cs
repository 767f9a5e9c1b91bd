using System.Text.Json;

namespace ExBurn;

/// <summary>Loss, optimizer and metrics as the native core reads them.</summary>
internal sealed record CompileDescription(Loss Loss, Optimizer Optimizer, IReadOnlyList<Metric> Metrics)
{
    public string ToJson() => JsonText.Object(json =>
    {
        json.WriteNumber("version", ModelDescription.Version);
        Write(json, "loss", Loss);
        json.WriteStartObject("optimizer");
        Optimizer.WriteTo(json);
        Optimizer.WriteGroups(json);
        json.WriteEndObject();
        json.WriteStartArray("metrics");
        foreach (var metric in Metrics)
        {
            json.WriteStartObject();
            metric.WriteTo(json);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });

    private static void Write(Utf8JsonWriter json, string key, Component component)
    {
        json.WriteStartObject(key);
        component.WriteTo(json);
        json.WriteEndObject();
    }
}
