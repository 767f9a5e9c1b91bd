namespace ExBurn;

/// <summary>An output of a <see cref="Graph"/>: a node, under a name. Made from a node or from <c>("name", node)</c>.</summary>
public readonly record struct GraphOutput
{
    /// <summary>An output of a name.</summary>
    /// <param name="name">Name by which losses, metrics and results call the output.</param>
    /// <param name="node">The node.</param>
    public GraphOutput(string name, Node node)
    {
        Name = Check.NotNull(name, nameof(name));
        Node = Check.NotNull(node, nameof(node));
    }

    /// <summary>Name by which losses, metrics and results call the output. Default: the node's.</summary>
    public string Name { get; }

    /// <summary>The node.</summary>
    public Node Node { get; }

    /// <summary>An output with the node's own name.</summary>
    public static implicit operator GraphOutput(Node node) => new(Check.NotNull(node, nameof(node)).Name, node);

    /// <summary>An output with a name of its own.</summary>
    public static implicit operator GraphOutput((string Name, Node Node) output) => new(output.Name, output.Node);
}
