using System.Globalization;

namespace ExBurn;

/// <summary>
/// A value in a <see cref="Graph"/>: an input, or what a layer or operation gives. Operations follow PyTorch's functions of the
/// same name; dimensions are counted with the batch as dimension 0, negative ones from the last.
/// </summary>
public sealed partial class Node
{
    private readonly IReadOnlyList<Node>? _outputs;

    internal Node(Graph graph, string name, IReadOnlyList<Node>? outputs = null) => (Graph, Name, _outputs) = (graph, name, outputs);

    /// <summary>Name of the node: the input's, or the layer's. Further outputs of a layer are called <c>name:1</c>, <c>name:2</c>.</summary>
    public string Name { get; }

    internal Graph Graph { get; }

    /// <summary>Name of the layer whose output this is.</summary>
    internal string Owner => OwnerOf(Name);

    /// <summary>Applies a layer to this node.</summary>
    /// <param name="layer">The layer; its weights are new. <see cref="Graph.Share(Layer, string?)"/> is for weights used twice.</param>
    /// <param name="name">Name of the layer. Default: its own, or one made of its type (<c>conv2d</c>, <c>conv2d_1</c>).</param>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public Node Apply(Layer layer, string? name = null) => Graph.Add(layer, name, [this]);

    /// <summary>Applies a layer of several inputs: this node is the first.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="others">The other inputs, in the layer's order.</param>
    public Node Apply(Layer layer, params Node[] others) => Graph.Add(layer, null, [this, .. Check.NotNull(others, nameof(others))]);

    /// <summary>Applies a layer of several inputs under a name: this node is the first.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="name">Name of the layer.</param>
    /// <param name="others">The other inputs, in the layer's order.</param>
    public Node Apply(Layer layer, string name, params Node[] others) => Graph.Add(layer, name, [this, .. Check.NotNull(others, nameof(others))]);

    /// <summary>Another output of the layer that gave this node: <c>lstm.Output(1)</c> is the last hidden state.</summary>
    /// <param name="index">Position among the layer's outputs, from 0. That there are so many is checked when the model is built.</param>
    public Node Output(int index)
    {
        Check.AtLeast(0, index, nameof(index));
        if (_outputs is { } known)
            return index < known.Count ? known[index] : throw new ArgumentOutOfRangeException(nameof(index), index, $"'{Name}' has {known.Count} outputs.");
        return new(Graph, index == 0 ? Owner : string.Format(CultureInfo.InvariantCulture, "{0}:{1}", Owner, index));
    }

    /// <summary>Reads as the name.</summary>
    public override string ToString() => Name;

    internal static string OwnerOf(string name)
    {
        var colon = name.IndexOf(':');
        return colon < 0 ? name : name.Substring(0, colon);
    }

    /// <summary>The output of this node's layer that <paramref name="name"/> (<c>other:1</c>) means.</summary>
    internal Node Sibling(string name)
    {
        var colon = name.IndexOf(':');
        return colon < 0 ? this : Output(int.Parse(name.Substring(colon + 1), CultureInfo.InvariantCulture));
    }
}
