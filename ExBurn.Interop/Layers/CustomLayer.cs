namespace ExBurn;

/// <summary>
/// A layer of one's own, composed of other layers, operations on nodes and parameters. It is used, saved and frozen as a built-in one:
/// what it consists of is called by its name, a dot, and the part's own name.
/// <code>
/// public sealed record Gate(int Features) : CustomLayer
/// {
///     protected override Node Forward(Node input)
///         =&gt; input * (input.Apply(new Linear(Features, Features), "gate") + Parameter("offset", [Features])).Apply(new Sigmoid());
/// }
/// </code>
/// <see cref="Layer.Initializers"/> are for its parts; set on the layer itself they are an error when it is applied.
/// </summary>
public abstract record CustomLayer : Layer
{
    // The graph of the innermost layer that is being applied on this thread; no state of the record, which is a value.
    [ThreadStatic]
    private static Graph? s_graph;

    /// <summary>A layer of one's own.</summary>
    protected CustomLayer()
    {
    }

    /// <summary>Computes the output of one input. Override this, or <see cref="Forward(IReadOnlyList{Node})"/> for several inputs.</summary>
    /// <param name="input">The input.</param>
    /// <returns>The output.</returns>
    protected virtual Node Forward(Node input) => throw new NotSupportedException($"{GetType().Name} overrides neither form of Forward.");

    /// <summary>Computes the output of any number of inputs. Default: passes the only one to <see cref="Forward(Node)"/>.</summary>
    /// <param name="inputs">The inputs.</param>
    /// <returns>The output.</returns>
    /// <exception cref="ArgumentException">The layer takes one input.</exception>
    protected virtual Node Forward(IReadOnlyList<Node> inputs)
        => Check.NotNull(inputs, nameof(inputs)).Count == 1 ? Forward(inputs[0]) : throw new ArgumentException($"{GetType().Name} takes 1 input, found {inputs.Count}.", nameof(inputs));

    /// <summary>A trained value of the layer. Only within <see cref="Forward(Node)"/>.</summary>
    /// <param name="name">Its name within the layer.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="initializer">Its first values. Default: zeros.</param>
    /// <exception cref="InvalidOperationException">The layer is not being applied.</exception>
    protected static Node Parameter(string name, Shape shape, Initializer? initializer = null) => Graph.Parameter(name, shape, initializer);

    /// <summary>Numbers that never change. Only within <see cref="Forward(Node)"/>.</summary>
    /// <inheritdoc cref="Graph.Constant" path="/param"/>
    /// <exception cref="InvalidOperationException">The layer is not being applied.</exception>
    protected static Node Constant(double[] values, Shape? shape = null) => Graph.Constant(values, shape);

    private static Graph Graph => s_graph ?? throw new InvalidOperationException("Parameters and constants can only be made while the layer is applied, within Forward.");

    internal Node Apply(Graph graph, IReadOnlyList<Node> inputs)
    {
        if (Initializers.Count > 0)
            throw new ArgumentException($"{GetType().Name} is composed of other layers: give {nameof(Initializers)} to its parts, or call {nameof(Model)}.{nameof(Model.Initialize)}.");
        var outer = s_graph;
        s_graph = graph;
        try
        {
            return Forward(inputs);
        }
        finally
        {
            s_graph = outer;
        }
    }
}

/// <summary>A chain of layers as one layer; their names are the block's, a dot, and their position or own name.</summary>
public sealed record Block : CustomLayer
{
    /// <summary>A chain of layers.</summary>
    public Block(params Layer[] layers) => Layers = [.. Check.NotNull(layers, nameof(layers)).Select(layer => Check.NotNull(layer, nameof(layers)))];

    /// <summary>The layers, in order.</summary>
    public ValueArray<Layer> Layers { get; }

    /// <inheritdoc/>
    protected override Node Forward(Node input)
    {
        var position = 0;
        foreach (var layer in Layers)
        {
            input = input.Apply(layer, layer.Name ?? position.ToString(System.Globalization.CultureInfo.InvariantCulture));
            position++;
        }
        return input;
    }
}

/// <summary>A model as a layer of another one; see <see cref="Model.AsLayer"/>.</summary>
internal sealed record ModelLayer(Model Model) : CustomLayer
{
    internal override string TypeName => Model.GetType().Name;

    protected override Node Forward(IReadOnlyList<Node> inputs) => inputs[0].Graph.Inline(Model, inputs);
}
