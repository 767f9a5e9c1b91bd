using System.Globalization;
using System.Text.Json;

namespace ExBurn;

/// <summary>Where a schedule is in its run, as data: what <see cref="ScheduleStepper.Save"/> gives and Restore takes. Compares by value.</summary>
public sealed record ScheduleState
{
    /// <summary>Steps made.</summary>
    public int Position { get; init; }

    /// <summary>The rate from which the schedule began.</summary>
    public double BaseRate { get; init; }

    /// <summary>The rate now.</summary>
    public double Rate { get; init; }

    /// <summary>Positions of the run, where it was given.</summary>
    public int? Length { get; init; }

    /// <summary>The momentum now, where the schedule has one.</summary>
    public double? Momentum { get; init; }

    /// <summary>What the schedule remembers beside that (plateau: best value, bad epochs, epochs of cooldown left).</summary>
    public ValueArray<double> Numbers { get; init; }

    /// <summary>The states of the schedules inside.</summary>
    public ValueArray<ScheduleState> Children { get; init; }

    /// <summary>As JSON text; numbers keep every bit.</summary>
    public string ToJson() => JsonText.Object(Write);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="FormatException">The text is not such a state.</exception>
    public static ScheduleState FromJson(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(Check.NotNull(json, nameof(json)));
            return Read(document.RootElement);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException("The text is not the state of a schedule: " + error.Message, error);
        }
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteNumber("position", Position);
        json.WriteNumber("base_rate", BaseRate);
        json.WriteNumber("rate", Rate);
        if (Length is { } length)
            json.WriteNumber("length", length);
        if (Momentum is { } momentum)
            json.WriteNumber("momentum", momentum);
        // As text: the best value before the first epoch is infinite.
        json.WriteStartArray("numbers");
        foreach (var number in Numbers)
            json.WriteStringValue(number.ToString("R", CultureInfo.InvariantCulture));
        json.WriteEndArray();
        json.WriteStartArray("children");
        foreach (var child in Children)
        {
            json.WriteStartObject();
            child.Write(json);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static ScheduleState Read(JsonElement json) => new()
    {
        Position = json.GetProperty("position").GetInt32(),
        BaseRate = json.GetProperty("base_rate").GetDouble(),
        Rate = json.GetProperty("rate").GetDouble(),
        Length = json.TryGetProperty("length", out var length) ? length.GetInt32() : null,
        Momentum = json.TryGetProperty("momentum", out var momentum) ? momentum.GetDouble() : null,
        Numbers = [.. json.GetProperty("numbers").EnumerateArray().Select(Number)],
        Children = [.. json.GetProperty("children").EnumerateArray().Select(Read)],
    };

    private static double Number(JsonElement json) => double.Parse(json.GetString() ?? "", CultureInfo.InvariantCulture);
}
