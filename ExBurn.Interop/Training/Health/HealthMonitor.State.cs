using System.Text.Json;

namespace ExBurn;

// What a checkpoint holds of it.
public sealed partial class HealthMonitor
{
    /// <inheritdoc/>
    public override CallbackState SaveState() => new(JsonText.Object(json =>
    {
        json.WriteNumber("steps", _steps);
        json.WriteNumber("active", _active);
        json.WriteNumber("vanishing", _vanishing);
        json.WriteExact("loss", _lastLoss);
        json.WriteExact("norm", _lastNorm);
        json.WriteStartArray("losses");
        for (var i = 0; i < _losses.Count; i++)
            json.WriteStringValue(JsonText.Exact(_losses[i]));
        json.WriteEndArray();
        json.WriteStartObject("zero");
        foreach (var pair in _zero)
            json.WriteNumber(pair.Key, pair.Value);
        json.WriteEndObject();
        json.WriteStartArray("alerts");
        foreach (var alert in _alerts)
            Write(json, alert);
        json.WriteEndArray();
    }));

    /// <inheritdoc/>
    /// <exception cref="CheckpointException">The state is not one of a monitor of this version.</exception>
    public override void LoadState(TrainingContext context, CallbackState state)
    {
        Reset();
        try
        {
            using var document = JsonDocument.Parse(Check.NotNull(state, nameof(state)).Text);
            var json = document.RootElement;
            (_steps, _active, _vanishing) = (json.Number("steps"), (int)json.Number("active"), (int)json.Number("vanishing"));
            (_lastLoss, _lastNorm) = (json.Exact("loss"), json.Exact("norm"));
            foreach (var loss in json.Texts("losses"))
                _losses.Add(JsonText.TryExact(loss, out var number) ? number : throw new FormatException("a loss is no number"));
            foreach (var pair in json.GetProperty("zero").EnumerateObject())
                _zero[pair.Name] = pair.Value.GetInt32();
            _alerts.AddRange(json.GetProperty("alerts").EnumerateArray().Select(Read));
        }
        catch (Exception error) when (error is JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            Reset();
            throw new CheckpointException($"The checkpoint's state of {nameof(HealthMonitor)} is not one of this version.", error);
        }
    }

    private static void Write(Utf8JsonWriter json, HealthAlert alert)
    {
        json.WriteStartObject();
        json.WriteNumber("kind", (int)alert.Kind);
        json.WriteNumber("step", alert.Step);
        json.WriteExact("value", alert.Value);
        json.WriteString("parameter", alert.Parameter);
        json.WriteString("message", alert.Message);
        json.WriteEndObject();
    }

    private static HealthAlert Read(JsonElement json)
    {
        var kind = (HealthAlertKind)json.Number("kind");
        return new()
        {
            Kind = kind,
            Severity = SeverityOf(kind),
            Step = json.Number("step"),
            Value = json.Exact("value"),
            Parameter = json.GetProperty("parameter").GetString(),
            Message = json.Text("message"),
        };
    }
}
