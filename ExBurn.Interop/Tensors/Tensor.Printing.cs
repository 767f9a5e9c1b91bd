using System.Globalization;
using System.Text;

namespace ExBurn;

public sealed partial class Tensor
{
    /// <summary>Above so many elements only the ends of each dimension are shown.</summary>
    private const int MostShown = 1000;

    /// <summary>Elements shown at each end.</summary>
    private const int EdgeItems = 3;

    /// <summary>
    /// Type, shape and device, and the elements as NumPy prints them; of more than 1000 elements the ends of each dimension. The same in every
    /// culture. Waits for the device.
    /// </summary>
    public override string ToString()
    {
        if (IsDisposed)
            return Summary;
        var text = new StringBuilder($"{DType} {Shape} on {Device}");
        if (RequiresGradient)
            text.Append(", requires gradient");
        text.Append('\n');
        if (ElementCount == 0)
            return text.Append("[]").ToString();
        var values = ToData().ToDoubles();
        var shown = new List<string>();
        Visit(0, 0, ElementCount > MostShown, index => shown.Add(Format(values[index])));
        var width = shown.Max(number => number.Length);
        var next = 0;
        Print(text, 0, ElementCount > MostShown, () => shown[next++].PadLeft(width));
        return text.ToString();
    }

    private string Format(double value) => DType switch
    {
        DType.Bool => value != 0 ? "true" : "false",
        DType.Int32 => value.ToString("0", CultureInfo.InvariantCulture),
        DType.Float64 => value.ToString("G8", CultureInfo.InvariantCulture),
        _ => value.ToString("G6", CultureInfo.InvariantCulture),
    };

    /// <summary>Goes through the elements that are shown, in order.</summary>
    private void Visit(int dimension, long offset, bool shorten, Action<long> element)
    {
        if (dimension == Rank)
        {
            element(offset);
            return;
        }
        var size = Shape[dimension];
        for (long i = 0; i < size; i++)
        {
            if (shorten && i == EdgeItems && size > 2 * EdgeItems)
                i = size - EdgeItems;
            Visit(dimension + 1, (offset * size) + i, shorten, element);
        }
    }

    private void Print(StringBuilder text, int dimension, bool shorten, Func<string> number)
    {
        if (dimension == Rank)
        {
            text.Append(number());
            return;
        }
        var size = Shape[dimension];
        var last = dimension == Rank - 1;
        text.Append('[');
        for (long i = 0; i < size; i++)
        {
            if (i > 0)
                Separate(text, dimension, last);
            if (shorten && i == EdgeItems && size > 2 * EdgeItems)
            {
                text.Append("...");
                Separate(text, dimension, last);
                i = size - EdgeItems;
            }
            Print(text, dimension + 1, shorten, number);
        }
        text.Append(']');
    }

    private void Separate(StringBuilder text, int dimension, bool last)
    {
        if (last)
        {
            text.Append(", ");
            return;
        }
        text.Append(',').Append('\n', Rank - 1 - dimension).Append(' ', dimension + 1);
    }
}
