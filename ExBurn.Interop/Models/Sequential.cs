using System.Collections;

namespace ExBurn;

/// <summary>
/// Layers one after the other. A layer's name is its position unless it has one of its own:
/// <c>new Sequential(new Linear(784, 256), new ReLU(), new Linear(256, 10))</c>.
/// </summary>
public sealed class Sequential : Model, IReadOnlyList<Layer>
{
    private const string Input = "input";
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
    public override IReadOnlyList<string> InputNames => [Input];

    /// <inheritdoc/>
    public override IReadOnlyList<string> OutputNames => ["output"];

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
        var names = new HashSet<string>(StringComparer.Ordinal) { Input };
        var graph = new Graph();
        var node = graph.Input(Input, inputShape);
        for (var position = 0; position < _layers.Count; position++)
        {
            var name = _layers[position].Name ?? position.ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (!names.Add(name))
                throw new InvalidOperationException($"The layer name '{name}' is taken; give layer {position} another.");
            node = node.Apply(_layers[position], name);
        }
        return graph.Describe(node);
    }
}
