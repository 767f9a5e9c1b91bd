using System.Globalization;
using System.Text;

namespace ExBurn;

/// <summary>A model as a drawing: its inputs, layers and outputs and what flows between them. Made by <see cref="Model.Diagram"/>.</summary>
public sealed class ModelDiagram
{
    internal ModelDiagram(ModelDescription model, IReadOnlyList<string> outputs, IReadOnlyDictionary<string, Shape?> shapes)
    {
        var boxes = new List<Box>();
        var arrows = new List<Arrow>();
        foreach (var input in model.Inputs)
            boxes.Add(new(input.Name, "Input", input.Shape, null));
        foreach (var node in model.Nodes)
        {
            boxes.Add(new(node.Name, node.Layer.TypeName, shapes.TryGetValue(node.Name, out var shape) ? shape : null, node.Shares));
            foreach (var from in node.Inputs.Select(Node.OwnerOf).Distinct())
                arrows.Add(new(from, node.Name));
        }
        foreach (var (output, name) in model.Outputs.Zip(outputs, (output, name) => (output, name)))
        {
            // An output called as its layer would be a second box of that name.
            var box = boxes.Exists(one => one.Name == name) ? name + " (output)" : name;
            boxes.Add(new(box, "Output", null, null));
            arrows.Add(new(Node.OwnerOf(output), box));
        }
        (Boxes, Arrows) = (boxes, arrows);
    }

    /// <summary>Inputs, layers and outputs, each after what it reads.</summary>
    public IReadOnlyList<Box> Boxes { get; }

    /// <summary>What flows from where to where.</summary>
    public IReadOnlyList<Arrow> Arrows { get; }

    /// <summary>A flowchart in Mermaid's language, which GitHub and many editors show.</summary>
    public string ToMermaid()
    {
        var text = new StringBuilder("flowchart TD\n");
        for (var i = 0; i < Boxes.Count; i++)
        {
            var label = string.Join("<br>", Boxes[i].Lines).Replace("\"", "#quot;");
            text.Append(Invariant($"  n{i}")).Append(Boxes[i].IsLayer ? $"[\"{label}\"]\n" : $"([\"{label}\"])\n");
        }
        foreach (var (from, to) in Numbered())
            text.Append(Invariant($"  n{from} --> n{to}\n"));
        return text.ToString();
    }

    /// <summary>A graph in the DOT language of Graphviz.</summary>
    public string ToDot()
    {
        var text = new StringBuilder("digraph model {\n  node [shape=box fontname=\"sans-serif\"];\n");
        for (var i = 0; i < Boxes.Count; i++)
        {
            var label = string.Join("\\n", Boxes[i].Lines.Select(line => line.Replace("\\", "\\\\").Replace("\"", "\\\"")));
            text.Append(Invariant($"  n{i} [label=\"")).Append(label).Append(Boxes[i].IsLayer ? "\"];\n" : "\" style=rounded];\n");
        }
        foreach (var (from, to) in Numbered())
            text.Append(Invariant($"  n{from} -> n{to};\n"));
        return text.Append("}\n").ToString();
    }

    /// <summary>A picture: every box below those it reads, arrows past the boxes between.</summary>
    public string ToSvg()
    {
        const int width = 190, height = 52, across = 24, down = 34, margin = 16;
        var arrows = Numbered();
        // The row of a box is the longest way to it.
        var rows = new int[Boxes.Count];
        foreach (var (from, to) in arrows)
            rows[to] = Math.Max(rows[to], rows[from] + 1);
        var places = new (int X, int Y)[Boxes.Count];
        var filled = new int[rows.DefaultIfEmpty().Max() + 1];
        for (var i = 0; i < Boxes.Count; i++)
        {
            // Beside the column of its first source where that is free.
            var column = Math.Max(filled[rows[i]], arrows.Where(arrow => arrow.To == i).Select(arrow => places[arrow.From].X).DefaultIfEmpty(0).Min());
            filled[rows[i]] = column + 1;
            places[i] = (column, rows[i]);
        }
        int Left(int i) => margin + (places[i].X * (width + across));
        int Top(int i) => margin + (places[i].Y * (height + down));

        var text = new StringBuilder();
        var (wide, high) = (filled.Max() * (width + across), filled.Length * (height + down));
        text.Append(Invariant($"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{wide + (2 * margin)}\" height=\"{high + (2 * margin)}\" font-family=\"sans-serif\" font-size=\"12\">\n"));
        text.Append("<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n");
        foreach (var (from, to) in arrows)
        {
            var (x, y, toX, toY) = (Left(from) + (width / 2), Top(from) + height, Left(to) + (width / 2), Top(to));
            // A way past boxes in between swings to the right of them.
            var swing = rows[to] - rows[from] > 1 && x == toX ? (width / 2) + across : 0;
            text.Append(Invariant($"<path d=\"M{x} {y}C{x + swing} {y + down},{toX + swing} {toY - down},{toX} {toY}\" fill=\"none\" stroke=\"#555\" marker-end=\"url(#tip)\"/>\n"));
        }
        for (var i = 0; i < Boxes.Count; i++)
        {
            var colour = Boxes[i].IsLayer ? "#eef3fb" : "#f6efe2";
            text.Append(Invariant($"<rect x=\"{Left(i)}\" y=\"{Top(i)}\" width=\"{width}\" height=\"{height}\" rx=\"{(Boxes[i].IsLayer ? 4 : 24)}\" fill=\"{colour}\" stroke=\"#555\"/>\n"));
            var lines = Boxes[i].Lines;
            for (var line = 0; line < lines.Count; line++)
            {
                var y = Top(i) + (height / 2) + 4 + (int)((line - ((lines.Count - 1) / 2.0)) * 15);
                text.Append(Invariant($"<text x=\"{Left(i) + (width / 2)}\" y=\"{y}\" text-anchor=\"middle\">")).Append(Escaped(lines[line])).Append("</text>\n");
            }
        }
        return text.Append("</svg>\n").ToString();
    }

    private (int From, int To)[] Numbered()
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var box in Boxes)
            numbers.Add(box.Name, numbers.Count);
        return [.. Arrows.Select(arrow => (numbers[arrow.From], numbers[arrow.To]))];
    }

    private static string Escaped(string text) => text.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>A box of the drawing.</summary>
    /// <param name="Name">Name of the input, layer or output.</param>
    /// <param name="Type">Type of the layer, or <c>Input</c> or <c>Output</c>.</param>
    /// <param name="Shape">Shape of what it gives, -1 where unknown; null where even the rank is unknown.</param>
    /// <param name="SharesWith">The layer whose weights it uses; null where it has its own.</param>
    public sealed record Box(string Name, string Type, Shape? Shape, string? SharesWith)
    {
        internal bool IsLayer => Type is not ("Input" or "Output");

        internal IReadOnlyList<string> Lines
        {
            get
            {
                var lines = new List<string> { Name };
                if (IsLayer)
                    lines.Add(SharesWith is null ? Type : $"{Type}, weights of {SharesWith}");
                if (Shape is { } shape)
                    lines.Add(shape.ToString());
                return lines;
            }
        }
    }

    /// <summary>A value that one box gives and another reads.</summary>
    /// <param name="From">The box that gives it.</param>
    /// <param name="To">The box that reads it.</param>
    public sealed record Arrow(string From, string To);
}
