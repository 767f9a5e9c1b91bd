using System.Globalization;
using System.Text;

namespace ExBurn;

/// <summary>Draws lines over a common axis as SVG.</summary>
internal static class SvgPlot
{
    private const double Left = 64, Right = 16, Top = 28, Bottom = 40;
    private const int Ticks = 5;
    private static readonly string[] Colors = ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728"];

    public static string Draw(string xName, string yName, double[] x, List<(string Name, double[] Values)> lines, int width, int height)
    {
        var (fromX, toX) = Range(x);
        var (fromY, toY) = Range(lines.SelectMany(line => line.Values));
        double AtX(double value) => Left + ((value - fromX) / (toX - fromX) * (width - Left - Right));
        double AtY(double value) => height - Bottom - ((value - fromY) / (toY - fromY) * (height - Top - Bottom));

        var svg = new StringBuilder();
        Add(svg, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\">");
        Add(svg, $"<rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>");
        for (var i = 0; i <= Ticks; i++)
        {
            var (atX, atY) = (fromX + ((toX - fromX) * i / Ticks), fromY + ((toY - fromY) * i / Ticks));
            Add(svg, $"<line x1=\"{Left}\" x2=\"{width - Right}\" y1=\"{AtY(atY):0.##}\" y2=\"{AtY(atY):0.##}\" stroke=\"#dddddd\"/>");
            Add(svg, $"<text x=\"{Left - 6}\" y=\"{AtY(atY) + 4:0.##}\" text-anchor=\"end\">{atY:G4}</text>");
            Add(svg, $"<text x=\"{AtX(atX):0.##}\" y=\"{height - Bottom + 16}\" text-anchor=\"middle\">{atX:0.#}</text>");
        }
        Add(svg, $"<text x=\"{width / 2}\" y=\"{height - 6}\" text-anchor=\"middle\">{xName}</text>");
        Add(svg, $"<text x=\"6\" y=\"16\">{yName}</text>");
        for (var i = 0; i < lines.Count; i++)
        {
            var (name, values) = lines[i];
            foreach (var points in Pieces(x, values))
            {
                var text = string.Join(" ", points.Select(point => FormattableString.Invariant($"{AtX(point.X):0.##},{AtY(point.Y):0.##}")));
                Add(svg, $"<polyline fill=\"none\" stroke=\"{Colors[i % Colors.Length]}\" stroke-width=\"2\" points=\"{text}\"/>");
            }
            Add(svg, $"<text x=\"{width - Right}\" y=\"{16 + (14 * i)}\" text-anchor=\"end\" fill=\"{Colors[i % Colors.Length]}\">{name}</text>");
        }
        svg.Append("</svg>\n");
        return svg.ToString();
    }

    private static void Add(StringBuilder svg, FormattableString line) => svg.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

    /// <summary>Runs of finite points.</summary>
    private static IEnumerable<List<(double X, double Y)>> Pieces(double[] x, double[] values)
    {
        var piece = new List<(double, double)>();
        for (var i = 0; i < values.Length; i++)
        {
            if (IsFinite(values[i]))
            {
                piece.Add((x[i], values[i]));
            }
            else if (piece.Count > 0)
            {
                yield return piece;
                piece = [];
            }
        }
        if (piece.Count > 0)
            yield return piece;
    }

    /// <summary>Least and largest finite value, apart; from 0 to 1 where there is none.</summary>
    private static (double From, double To) Range(IEnumerable<double> values)
    {
        double[] finite = [.. values.Where(IsFinite)];
        if (finite.Length == 0)
            return (0, 1);
        var (from, to) = (finite.Min(), finite.Max());
        return from < to ? (from, to) : (from - 0.5, to + 0.5);
    }

    private static bool IsFinite(double value) => !double.IsNaN(value) && !double.IsInfinity(value);
}
