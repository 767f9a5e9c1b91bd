namespace ExBurn;

/// <summary>
/// A layer of a <see cref="Graph"/> that is applied more than once with the same weights. Gradients of all applications add up; buffers
/// (running statistics) go on from one application to the next, in the order they were made.
/// </summary>
public sealed class SharedLayer
{
    private readonly Graph _graph;
    private readonly string? _wanted;
    private string? _owner;
    private int _times;

    internal SharedLayer(Graph graph, Layer layer, string? name) => (_graph, Layer, _wanted) = (graph, layer, name);

    /// <summary>The layer.</summary>
    public Layer Layer { get; }

    /// <summary>Its name in the state; null before it is first applied.</summary>
    public string? Name => _owner;

    /// <summary>Applies the layer. The first application names the weights.</summary>
    /// <param name="inputs">The layer's inputs.</param>
    public Node Apply(params Node[] inputs)
    {
        Check.NotNull(inputs, nameof(inputs));
        if (_owner is { } owner)
            return _graph.AddAgain(Layer, owner, ++_times + 1, inputs);
        var local = _wanted ?? Layer.Name;
        if (local is null)
        {
            // The name must be known to be shared, also where the graph makes it.
            _owner = _graph.Claim(Layer, null);
            local = _owner.Substring(_owner.LastIndexOf('.') + 1);
        }
        else
        {
            _owner = _graph.Claim(Layer, local);
        }
        return _graph.Add(Layer, local, inputs);
    }
}
