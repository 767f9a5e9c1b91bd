using System.Xml.Linq;

namespace ExBurn.Tests.Models;

/// <summary>Drawings: every input, layer, output and link of the model, in three languages.</summary>
public sealed class DiagramTests
{
    private static GraphModel Model()
    {
        var g = new Graph();
        var x = g.Input("x", 3);
        var h = x.Apply(new Linear(3, 3), "fc").Apply(new ReLU(), "act");
        return g.Build(("sum", x + h), ("h", h));
    }

    [Fact]
    public void A_diagram_has_every_link_once()
    {
        using var model = Model();
        var diagram = model.Diagram();
        Assert.Equal(["x", "fc", "act", "add", "sum", "h"], diagram.Boxes.Select(box => box.Name));
        Assert.Equal(
            ["x>fc", "fc>act", "x>add", "act>add", "add>sum", "act>h"], diagram.Arrows.Select(arrow => $"{arrow.From}>{arrow.To}"));
        Assert.Null(diagram.Boxes[1].Shape);
        model.Build();
        Assert.Equal([-1, 3], model.Diagram().Boxes[1].Shape);
    }

    [Fact]
    public void Mermaid_and_DOT_say_the_same()
    {
        using var model = new Sequential(new Linear(2, 1) { Name = "a\"b" });
        Assert.Equal("flowchart TD\n  n0([\"input\"])\n  n1[\"a#quot;b<br>Linear\"]\n  n2([\"output\"])\n  n0 --> n1\n  n1 --> n2\n", model.Diagram().ToMermaid());
        Assert.Equal(
            "digraph model {\n  node [shape=box fontname=\"sans-serif\"];\n  n0 [label=\"input\" style=rounded];\n  n1 [label=\"a\\\"b\\nLinear\"];\n  n2 [label=\"output\" style=rounded];\n  n0 -> n1;\n  n1 -> n2;\n}\n",
            model.Diagram().ToDot());
    }

    /// <summary>A well-formed picture: a box for each, below all it reads, none over another.</summary>
    [Fact]
    public void The_picture_has_every_box_below_its_sources()
    {
        using var model = Model();
        model.Build();
        var diagram = model.Diagram();
        var svg = XDocument.Parse(diagram.ToSvg()).Root!;
        XNamespace ns = "http://www.w3.org/2000/svg";
        var boxes = svg.Elements(ns + "rect").Select(box => (X: (int)box.Attribute("x")!, Y: (int)box.Attribute("y")!)).ToArray();
        Assert.Equal(diagram.Boxes.Count, boxes.Length);
        Assert.Equal(boxes.Length, boxes.Distinct().Count());
        var place = diagram.Boxes.Zip(boxes).ToDictionary(pair => pair.First.Name, pair => pair.Second);
        Assert.All(diagram.Arrows, arrow => Assert.True(place[arrow.From].Y < place[arrow.To].Y));
        Assert.Equal(diagram.Arrows.Count, svg.Elements(ns + "path").Count());
        Assert.Contains("fc", svg.Elements(ns + "text").Select(text => text.Value));
    }
}
