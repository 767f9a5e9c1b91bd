using System.Collections;

namespace ExBurn;

/// <summary>
/// Layers one after the other. A layer's name is its position unless it has one of its own:
/// <c>new Sequential(new Linear(784, 256), new ReLU(), new Linear(256, 10))</c>.
/// </summary>
public sealed class Sequential : Model, IReadOnlyList<Layer>
{
    private readonly List<Layer> _layers = [];

    /// <summary>A model of these layers; more may be added before it is built.</summary>
    public Sequential(params Layer[] layers)
    {
        foreach (var layer in Check.NotNull(layers, nameof(layers)))
            Add(layer);
    }

    /// <summary>Number of layers.</summary>
    public int Count => _layers.Count;

    /// <summary>The layer at a position from 0.</summary>
    public Layer this[int index] => _layers[index];

    /// <summary>Adds a layer at the end.</summary>
    /// <exception cref="InvalidOperationException">The model is already built.</exception>
    public void Add(Layer layer)
    {
        ThrowIfDisposed();
        if (IsBuilt)
            throw new InvalidOperationException("Layers can only be added before the model is compiled.");
        _layers.Add(Check.NotNull(layer, nameof(layer)));
    }

    /// <inheritdoc/>
    public IEnumerator<Layer> GetEnumerator() => _layers.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private protected override Shape? DescribedSampleShape => _layers.Count > 0 ? _layers[0].SampleShape : null;

    /// <inheritdoc cref="Model.Clone"/>
    public new Sequential Clone(bool withOptimizer = true) => (Sequential)base.Clone(withOptimizer);

    private protected override Model NewLike() => new Sequential([.. _layers]);

    private protected override ModelDescription Describe(Shape? inputShape)
    {
        if (_layers.Count == 0)
            throw new InvalidOperationException("A model needs at least one layer.");
        const string input = "input";
        var nodes = new List<NodeDescription>(_layers.Count);
        foreach (var layer in _layers)
        {
            var name = layer.Name ?? nodes.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (name == input || nodes.Exists(node => node.Name == name))
                throw new InvalidOperationException($"The layer name '{name}' is taken; give layer {nodes.Count} another.");
            nodes.Add(new(name, layer, [nodes.Count == 0 ? input : nodes[nodes.Count - 1].Name]));
        }
        return new([new(input, inputShape?.Prepend(-1))], nodes, [nodes[nodes.Count - 1].Name]);
    }
}
