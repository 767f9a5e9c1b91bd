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
public sealed record LayerSummary(
    string Name, string Type, Shape? OutputShape, long Parameters, long TrainableParameters, long Buffers, bool IsFrozen);

/// <summary>A model's layers, counts and size. <see cref="ToString"/> gives a table.</summary>
/// <param name="ModelType">Class of the model.</param>
/// <param name="Layers">One entry per layer, in the model's order.</param>
/// <param name="Parameters">Number of parameter elements.</param>
/// <param name="TrainableParameters">How many of them are trained.</param>
/// <param name="Bytes">Size of parameters and buffers.</param>
/// <param name="DType">Type in which the model computes.</param>
/// <param name="Device">Where it lives, in the core's words.</param>
public sealed record ModelSummary(
    string ModelType, IReadOnlyList<LayerSummary> Layers, long Parameters, long TrainableParameters, long Bytes, DType DType, string Device)
{
    /// <summary>A table like Keras's: one line per layer, then the totals.</summary>
    public override string ToString()
    {
        string[] header = ["Layer (type)", "Output shape", "Parameters"];
        string[][] rows = [.. Layers.Select(layer => new[]
        {
            $"{layer.Name} ({layer.Type}){(layer.IsFrozen ? " *" : "")}",
            layer.OutputShape?.ToString() ?? "?",
            Number(layer.Parameters),
        })];
        int[] widths = [.. header.Select((title, column) => rows.Select(row => row[column].Length).Append(title.Length).Max())];
        var line = new string('─', widths.Sum() + (2 * (widths.Length - 1)));

        var text = new StringBuilder().AppendLine(ModelType).AppendLine(line);
        AppendRow(text, header, widths).AppendLine(line);
        foreach (var row in rows)
            AppendRow(text, row, widths);
        text.AppendLine(line);
        text.Append($"Parameters: {Number(Parameters)}, trainable {Number(TrainableParameters)}");
        text.Append($" ({Size(Bytes)}, {DType} on {Device})");
        return Layers.Any(layer => layer.IsFrozen) ? text.AppendLine().Append("* frozen").ToString() : text.ToString();
    }

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
            root.Text("device"));
    }

    private static LayerSummary ReadLayer(JsonElement layer) => new(
        layer.Text("name"),
        layer.Text("type"),
        layer.ShapeOrNull("output_shape"),
        layer.Number("parameters"),
        layer.Number("trainable_parameters"),
        layer.Number("buffers"),
        layer.GetProperty("frozen").GetBoolean());

    private static StringBuilder AppendRow(StringBuilder text, string[] cells, int[] widths)
        => text.AppendLine($"{cells[0].PadRight(widths[0])}  {cells[1].PadRight(widths[1])}  {cells[2].PadLeft(widths[2])}");

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Size(long bytes) => bytes switch
    {
        < 1024 => $"{bytes} B",
        < 1024 * 1024 => FormattableString.Invariant($"{bytes / 1024.0:F1} KiB"),
        _ => FormattableString.Invariant($"{bytes / (1024.0 * 1024.0):F1} MiB"),
    };
}
