using System.Text;
using System.Text.Json;

namespace ExBurn;

public sealed partial class History
{
    /// <summary>
    /// As CSV: a header, then a line per epoch with epoch, loss, metrics, validation_loss, validation metrics, learning_rate, gradient_norm, samples,
    /// steps, seconds. Numbers keep every bit; NaN where there is none. Empty without epochs.
    /// </summary>
    public string ToCsv()
    {
        var text = new StringBuilder();
        foreach (var epoch in _epochs)
        {
            var columns = EpochColumns.Of(epoch);
            if (text.Length == 0)
                text.Append(EpochColumns.Header(columns));
            text.Append(EpochColumns.Line(columns));
        }
        return text.ToString();
    }

    /// <summary>
    /// As JSON: <c>{"stop_reason": "Completed", "stop_message": null, "seconds": 1.5, "epochs": [{"epoch": 1, "loss": 0.5, ...}]}</c>, each epoch with
    /// the columns of <see cref="ToCsv"/>; null for a number that is not finite.
    /// </summary>
    public string ToJson() => JsonText.Object(json =>
    {
        json.WriteString("stop_reason", StopReason.ToString());
        json.WriteString("stop_message", StopMessage);
        json.WriteNumber("seconds", Duration.TotalSeconds);
        json.WriteStartArray("epochs");
        foreach (var epoch in _epochs)
            WriteEpoch(json, epoch);
        json.WriteEndArray();
    });

    /// <summary>As a picture (SVG): the losses over the epochs, with axes and a legend. Values that are not finite leave a gap.</summary>
    /// <param name="width">Width in pixels, at least 200.</param>
    /// <param name="height">Height in pixels, at least 150.</param>
    public string ToSvg(int width = 640, int height = 400)
    {
        Check.AtLeast(200, width, nameof(width));
        Check.AtLeast(150, height, nameof(height));
        var numbers = _epochs.Select(epoch => (double)epoch.Epoch).ToArray();
        List<(string, double[])> lines = [("loss", [.. Losses])];
        if (_epochs.Exists(epoch => epoch.Validation is not null))
            lines.Add(("validation loss", [.. ValidationLosses]));
        return SvgPlot.Draw("epoch", "loss", numbers, lines, width, height);
    }

    private static void WriteEpoch(Utf8JsonWriter json, EpochResult epoch)
    {
        json.WriteStartObject();
        foreach (var column in EpochColumns.Of(epoch))
        {
            if (double.IsNaN(column.Value) || double.IsInfinity(column.Value))
                json.WriteNull(column.Key);
            else
                json.WriteNumber(column.Key, column.Value);
        }
        json.WriteEndObject();
    }
}
