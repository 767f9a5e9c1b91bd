using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ExBurn;

/// <summary>One line of a <see cref="ModelSummary"/>.</summary>
/// <param name="Name">Name of the layer.</param>
/// <param name="Type">Its type, as <c>Linear</c>.</param>
/// <param name="OutputShape">Shape of its output, -1 where unknown; null where even the rank is unknown.</param>
/// <param name="Parameters">Number of parameter elements.</param>
/// <param name="TrainableParameters">How many of them are trained.</param>
/// <param name="Buffers">Number of buffer elements.</param>
/// <param name="IsFrozen">Whether it has parameters and none is trained.</param>
/// <param name="MultiplyAdds">
/// Multiplications followed by an addition in a forward pass of one sample, biases and element-wise work aside; null where sizes
/// that only data will tell decide it.
/// </param>
public sealed record LayerSummary(
    string Name,
    string Type,
    Shape? OutputShape,
    long Parameters,
    long TrainableParameters,
    long Buffers,
    bool IsFrozen,
    long? MultiplyAdds);

/// <summary>A model's layers, counts and size. <see cref="ToString"/> gives a table.</summary>
/// <param name="ModelType">Class of the model.</param>
/// <param name="Layers">One entry per layer, in the model's order.</param>
/// <param name="Parameters">Number of parameter elements.</param>
/// <param name="TrainableParameters">How many of them are trained.</param>
/// <param name="Bytes">Size of parameters and buffers.</param>
/// <param name="DType">Type in which the model computes.</param>
/// <param name="Device">Where it lives, in the core's words.</param>
/// <param name="MultiplyAdds">Of a forward pass of one sample; null where it is not known of every layer.</param>
/// <param name="ActivationBytes">
/// An estimate of what training keeps of a forward pass: the outputs of all layers for one sample; null where a shape is unknown.
/// </param>
public sealed record ModelSummary(
    string ModelType,
    IReadOnlyList<LayerSummary> Layers,
    long Parameters,
    long TrainableParameters,
    long Bytes,
    DType DType,
    string Device,
    long? MultiplyAdds,
    long? ActivationBytes)
{
    /// <summary>A table like Keras's: one line per layer, then the totals.</summary>
    public override string ToString()
    {
        string[] header = ["Layer (type)", "Output shape", "Parameters", "Trainable", "Multiply-adds"];
        string[][] rows = [.. Layers.Select(layer => new[]
        {
            $"{layer.Name} ({layer.Type})",
            layer.OutputShape?.ToString() ?? "?",
            Number(layer.Parameters),
            Trains(layer),
            Number(layer.MultiplyAdds),
        })];
        int[] widths = [.. header.Select((title, column) => rows.Select(row => row[column].Length).Append(title.Length).Max())];
        var line = new string('─', widths.Sum() + (2 * (widths.Length - 1)));

        var text = new StringBuilder().AppendLine(ModelType).AppendLine(line);
        AppendRow(text, header, widths).AppendLine(line);
        foreach (var row in rows)
            AppendRow(text, row, widths);
        text.AppendLine(line);
        text.Append($"Parameters: {Number(Parameters)}, trainable {Number(TrainableParameters)}");
        text.AppendLine($" ({Size(Bytes)}, {DType} on {Device})");
        text.Append($"Per sample: {Number(MultiplyAdds)} multiply-adds, {(ActivationBytes is { } bytes ? Size(bytes) : "?")} of activations");
        return text.ToString();
    }

    /// <summary>The same as JSON, under the names that the core uses; unknown numbers and shapes are null.</summary>
    public string ToJson() => JsonText.Object(json =>
    {
        json.WriteString("model", ModelType);
        json.WriteStartArray("layers");
        foreach (var layer in Layers)
            Write(json, layer);
        json.WriteEndArray();
        json.WriteNumber("parameters", Parameters);
        json.WriteNumber("trainable", TrainableParameters);
        json.WriteNumber("bytes", Bytes);
        json.WriteNumberOrNull("multiply_adds", MultiplyAdds);
        json.WriteNumberOrNull("activation_bytes", ActivationBytes);
        json.WriteString("dtype", DType.NativeName());
        json.WriteString("device", Device);
    });

    internal static ModelSummary FromJson(string modelType, string text)
    {
        using var document = JsonDocument.Parse(text);
        var root = document.RootElement;
        return new(
            modelType,
            [.. root.GetProperty("layers").EnumerateArray().Select(ReadLayer)],
            root.Number("parameters"),
            root.Number("trainable"),
            root.Number("bytes"),
            DTypes.FromNativeName(root.Text("dtype")),
            root.Text("device"),
            root.NumberOrNull("multiply_adds"),
            root.NumberOrNull("activation_bytes"));
    }

    private static LayerSummary ReadLayer(JsonElement layer) => new(
        layer.Text("name"),
        layer.Text("type"),
        layer.ShapeOrNull("output_shape"),
        layer.Number("parameters"),
        layer.Number("trainable_parameters"),
        layer.Number("buffers"),
        layer.GetProperty("frozen").GetBoolean(),
        layer.NumberOrNull("multiply_adds"));

    private static void Write(Utf8JsonWriter json, LayerSummary layer)
    {
        json.WriteStartObject();
        json.WriteString("name", layer.Name);
        json.WriteString("type", layer.Type);
        json.WritePropertyName("output_shape");
        if (layer.OutputShape is { } shape)
            json.WriteShape(shape);
        else
            json.WriteNullValue();
        json.WriteNumber("parameters", layer.Parameters);
        json.WriteNumber("trainable_parameters", layer.TrainableParameters);
        json.WriteNumber("buffers", layer.Buffers);
        json.WriteBoolean("frozen", layer.IsFrozen);
        json.WriteNumberOrNull("multiply_adds", layer.MultiplyAdds);
        json.WriteEndObject();
    }

    private static string Trains(LayerSummary layer) => (layer.TrainableParameters, layer.Parameters) switch
    {
        (_, 0) => "",
        (0, _) => "no",
        var (trained, all) => trained == all ? "yes" : "partly",
    };

    private static StringBuilder AppendRow(StringBuilder text, string[] cells, int[] widths)
    {
        var line = $"{cells[0].PadRight(widths[0])}  {cells[1].PadRight(widths[1])}  {cells[2].PadLeft(widths[2])}";
        return text.AppendLine($"{line}  {cells[3].PadRight(widths[3])}  {cells[4].PadLeft(widths[4])}");
    }

    private static string Number(long? value) => value?.ToString("N0", CultureInfo.InvariantCulture) ?? "?";

    private static string Size(long bytes) => bytes switch
    {
        < 1024 => $"{bytes} B",
        < 1024 * 1024 => FormattableString.Invariant($"{bytes / 1024.0:F1} KiB"),
        < 1024 * 1024 * 1024 => FormattableString.Invariant($"{bytes / (1024.0 * 1024.0):F1} MiB"),
        _ => FormattableString.Invariant($"{bytes / (1024.0 * 1024.0 * 1024.0):F1} GiB"),
    };
}
