using System.Text.Json;

namespace ExBurn;

/// <summary>How far a run is: what a checkpoint holds beside weights and optimizer, which are the native core's.</summary>
internal sealed record RunProgress
{
    /// <summary>Epochs finished since the model was compiled.</summary>
    public int Epochs { get; init; }

    /// <summary>Optimizer steps of the run.</summary>
    public long Steps { get; init; }

    /// <summary>The rate of the next step.</summary>
    public double LearningRate { get; init; }

    /// <summary>The model's seed.</summary>
    public long Seed { get; init; }

    /// <summary>The epoch that is not over; null at an epoch's end.</summary>
    public OpenEpoch? Open { get; init; }

    /// <summary>The optimizer's schedule, then each group's.</summary>
    public IReadOnlyList<SavedSchedule?> Schedules { get; init; } = [];

    /// <summary>The run's epochs.</summary>
    public IReadOnlyList<EpochResult> History { get; init; } = [];

    /// <summary>Time of the run.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>What the callbacks remember.</summary>
    public IReadOnlyList<SavedCallback> Callbacks { get; init; } = [];

    /// <summary>Where an epoch stands, and what decides the order of its samples.</summary>
    internal sealed record OpenEpoch(long Batches, long Steps, double FirstRate, OrderOfSamples Order);

    /// <summary>What decides which samples are in which batch; numbers under the names of their options.</summary>
    internal sealed record OrderOfSamples(long Rows, long BatchSize, bool Shuffle, bool DropLast, long AccumulationSteps, long Seed)
    {
        /// <summary>The first difference in words; null where there is none.</summary>
        public string? DifferenceTo(OrderOfSamples run)
        {
            (string Name, object File, object Run)[] pairs =
            [
                ("rows of the data", Rows, run.Rows), (nameof(BatchSize), BatchSize, run.BatchSize), (nameof(Shuffle), Shuffle, run.Shuffle),
                (nameof(DropLast), DropLast, run.DropLast), (nameof(AccumulationSteps), AccumulationSteps, run.AccumulationSteps),
                (nameof(Seed), Seed, run.Seed),
            ];
            foreach (var (name, file, here) in pairs)
                if (!file.Equals(here))
                    return $"{name}: expected {here}, found {file}";
            return null;
        }
    }

    internal sealed record SavedSchedule(string Kind, ScheduleState State);

    internal sealed record SavedCallback(string Kind, CallbackState State);

    /// <summary>The large things of the callbacks, in the order in which <see cref="ToJson"/> counts them.</summary>
    public IReadOnlyList<byte[]> Attachments() => [.. Callbacks.Where(one => !one.State.Data.IsEmpty).Select(one => one.State.Data.ToArray())];

    public string ToJson() => JsonText.Object(json =>
    {
        json.WriteNumber("epochs", Epochs);
        json.WriteNumber("steps", Steps);
        json.WriteExact("learning_rate", LearningRate);
        json.WriteNumber("seed", Seed);
        json.WriteNumber("ticks", Duration.Ticks);
        if (Open is { } open)
            WriteOpen(json, open);
        json.WriteStartArray("schedules");
        foreach (var schedule in Schedules)
        {
            json.WriteStartObject();
            if (schedule is not null)
            {
                json.WriteString("kind", schedule.Kind);
                json.WriteString("state", schedule.State.ToJson());
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("callbacks");
        foreach (var callback in Callbacks)
        {
            json.WriteStartObject();
            json.WriteString("kind", callback.Kind);
            json.WriteString("text", callback.State.Text);
            json.WriteBoolean("data", !callback.State.Data.IsEmpty);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("history");
        foreach (var epoch in History)
            EpochJson.Write(json, epoch);
        json.WriteEndArray();
    });

    /// <exception cref="CheckpointException">The text is not such a description.</exception>
    public static RunProgress FromJson(string text, byte[][] attachments)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return Read(document.RootElement, attachments);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException
            or IndexOutOfRangeException or OverflowException)
        {
            throw new CheckpointException("The checkpoint does not say how far its run was, or not in a way that this version knows: " + error.Message, error);
        }
    }

    private static RunProgress Read(JsonElement json, byte[][] attachments)
    {
        var next = 0;
        return new()
        {
            Epochs = json.GetProperty("epochs").GetInt32(),
            Steps = json.Number("steps"),
            LearningRate = json.Exact("learning_rate"),
            Seed = json.Number("seed"),
            Duration = TimeSpan.FromTicks(json.Number("ticks")),
            Open = json.TryGetProperty("open", out var open) ? ReadOpen(open) : null,
            Schedules = [.. json.GetProperty("schedules").EnumerateArray().Select(one => one.TryGetProperty("kind", out _)
                ? new SavedSchedule(one.Text("kind"), ScheduleState.FromJson(one.Text("state")))
                : null)],
            Callbacks = [.. json.GetProperty("callbacks").EnumerateArray().Select(one => new SavedCallback(
                one.Text("kind"), new(one.Text("text"), one.GetProperty("data").GetBoolean() ? attachments[next++] : default)))],
            History = [.. json.GetProperty("history").EnumerateArray().Select(EpochJson.Read)],
        };
    }

    private static void WriteOpen(Utf8JsonWriter json, OpenEpoch open)
    {
        json.WriteStartObject("open");
        json.WriteNumber("batches", open.Batches);
        json.WriteNumber("steps", open.Steps);
        json.WriteExact("first_rate", open.FirstRate);
        json.WriteNumber("rows", open.Order.Rows);
        json.WriteNumber("batch_size", open.Order.BatchSize);
        json.WriteBoolean("shuffle", open.Order.Shuffle);
        json.WriteBoolean("drop_last", open.Order.DropLast);
        json.WriteNumber("accumulate", open.Order.AccumulationSteps);
        json.WriteNumber("seed", open.Order.Seed);
        json.WriteEndObject();
    }

    private static OpenEpoch ReadOpen(JsonElement open) => new(
        open.Number("batches"), open.Number("steps"), open.Exact("first_rate"),
        new(open.Number("rows"), open.Number("batch_size"), open.GetProperty("shuffle").GetBoolean(), open.GetProperty("drop_last").GetBoolean(),
            open.Number("accumulate"), open.Number("seed")));
}
