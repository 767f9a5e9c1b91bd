using System.Globalization;

namespace ExBurn;

/// <summary>
/// The functional form of a model: named inputs, layers applied to nodes, any node as an output. Residual links, several inputs and
/// outputs and shared layers are written as they are computed:
/// <code>
/// var g = new Graph();
/// Node x = g.Input("image", 3, 32, 32);
/// Node h = x.Apply(new Conv2d(3, 8, 3) { Padding = 1 }).Apply(new ReLU());
/// h = h + h.Apply(new Conv2d(8, 8, 3) { Padding = 1 }, "c1").Apply(new ReLU());
/// using var net = g.Build(h.Mean(2, 3).Apply(new Linear(8, 4)));
/// </code>
/// A node can only use nodes that exist, so there are no cycles. Shapes are checked when the model is built.
/// </summary>
public sealed class Graph
{
    private readonly List<InputDescription> _inputs = [];
    private readonly List<NodeDescription> _nodes = [];
    private readonly List<InnerModel> _inner = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _counts = new(StringComparer.Ordinal);

    // Of each composed layer, the node that is its output.
    private readonly Dictionary<string, string> _composed = new(StringComparer.Ordinal);

    // Of each node that shares weights, the node that owns them.
    private readonly Dictionary<string, string> _owners = new(StringComparer.Ordinal);
    private Scope _scope = new("", null, true);

    /// <summary>An input of the model. Its kind (numbers, or indices for an <see cref="Embedding"/>) follows from the layer that reads it.</summary>
    /// <param name="name">Name of the input; the order of the calls is the order of the inputs.</param>
    /// <param name="sampleShape">Sizes of one sample, without the batch dimension; -1 where unknown. None: even the rank is unknown.</param>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public Node Input(string name, params int[] sampleShape)
        => Input(name, Check.NotNull(sampleShape, nameof(sampleShape)).Length == 0 ? (Shape?)null : sampleShape);

    /// <summary>An input of the model, of a shape that may be unknown.</summary>
    /// <param name="name">Name of the input; the order of the calls is the order of the inputs.</param>
    /// <param name="sampleShape">Shape of one sample, without the batch dimension; <c>[]</c> for one number each. Null: unknown.</param>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public Node Input(string name, Shape? sampleShape)
    {
        Define(name, nameof(name));
        _inputs.Add(new(name, sampleShape?.Prepend(-1)));
        return new Node(this, name);
    }

    /// <summary>A trained value that no layer owns. Its name in the state is <paramref name="name"/>.</summary>
    /// <param name="name">Name of the node and of the parameter.</param>
    /// <param name="shape">Its shape; there is no batch dimension.</param>
    /// <param name="initializer">Its first values. Default: zeros.</param>
    public Node Parameter(string name, Shape shape, Initializer? initializer = null)
    {
        Check.Sizes(shape, nameof(shape));
        ValueArray<ParameterInitializer> initializers = initializer is null ? default : [("", initializer)];
        return Add(
            new Operation("Parameter", config => config.Add("shape", shape)) { Initializers = initializers }, Check.NotNull(name, nameof(name)), []);
    }

    /// <summary>Numbers that never change.</summary>
    /// <param name="values">The numbers, row-major; as many as <paramref name="shape"/> holds, or one for all.</param>
    /// <param name="shape">Their shape; there is no batch dimension. Default: a list of all.</param>
    public Node Constant(double[] values, Shape? shape = null)
    {
        ValueArray<double> copy = [.. Check.NotNull(values, nameof(values))];
        Shape sizes = shape ?? [values.Length];
        return Add(new Operation("Constant", config => config.Add("shape", Check.Sizes(sizes, nameof(shape))).Add("values", copy)), null, []);
    }

    /// <summary>A layer that may be applied more than once, with the same weights each time.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="name">Its name. Default: the layer's own, or one made of its type.</param>
    public SharedLayer Share(Layer layer, string? name = null) => new(this, Check.NotNull(layer, nameof(layer)), name);

    /// <summary>The model that computes these nodes. What they do not need is left out.</summary>
    /// <param name="outputs">The outputs in order: nodes, or <c>("name", node)</c> to give an output a name of its own.</param>
    /// <exception cref="ArgumentException">There is no output, a node is of another graph, an input is not used, or a name is used twice.</exception>
    public GraphModel Build(params GraphOutput[] outputs)
    {
        if (Check.NotNull(outputs, nameof(outputs)).Length == 0)
            throw new ArgumentException("A model needs at least one output.", nameof(outputs));
        var needed = new HashSet<string>(StringComparer.Ordinal);
        var names = new List<string>();
        foreach (var output in outputs)
        {
            needed.Add(Own(output.Node, nameof(outputs)).Owner);
            if (names.Contains(output.Name))
                throw new ArgumentException($"Two outputs are called '{output.Name}'; give one another name: (\"name\", node).", nameof(outputs));
            names.Add(output.Name);
        }
        var nodes = new List<NodeDescription>();
        foreach (var node in Enumerable.Reverse(_nodes))
        {
            if (!needed.Contains(node.Name))
                continue;
            foreach (var input in node.Inputs)
                needed.Add(Node.OwnerOf(input));
            if (node.Shares is { } owner)
                needed.Add(owner);
            nodes.Insert(0, node);
        }
        if (_inputs.Find(input => !needed.Contains(input.Name)) is { } unused)
            throw new ArgumentException($"The input '{unused.Name}' is not used by any output.", nameof(outputs));
        return new(new([.. _inputs], nodes, [.. outputs.Select(output => output.Node.Name)]) { InnerModels = [.. _inner], Composed = new Dictionary<string, string>(_composed, StringComparer.Ordinal) }, names);
    }

    /// <summary>All nodes, with one output.</summary>
    internal ModelDescription Describe(Node output) => new([.. _inputs], [.. _nodes], [output.Name]) { InnerModels = [.. _inner], Composed = new Dictionary<string, string>(_composed, StringComparer.Ordinal) };

    /// <summary>Adds a layer applied to nodes and gives its first output.</summary>
    internal Node Add(Layer layer, string? name, IReadOnlyList<Node> inputs)
    {
        Check.NotNull(layer, nameof(layer));
        var local = name ?? layer.Name ?? NextName(layer.TypeName);
        if (local.Contains(':'))
            throw new ArgumentException($"The name '{local}' contains ':', which names a second output.", nameof(name));
        var full = _scope.Prefix + local;
        foreach (var input in inputs)
            Own(input, nameof(inputs));
        if (layer is CustomLayer custom)
        {
            var output = InScope(
                new(full + ".", _scope.Owner is { } first ? first + local + "." : null, _scope.Trainable && layer.Trainable), () => custom.Apply(this, inputs));
            _composed[full] = output.Name;
            return output;
        }

        Define(full, nameof(name));
        _nodes.Add(new(full, layer, [.. inputs.Select(input => input.Name)])
        {
            Trainable = _scope.Trainable && layer.Trainable,
            Shares = Share(full, _scope.Owner is { } owner ? owner + local : null),
        });
        return new Node(this, full);
    }

    /// <summary>Adds all nodes of a model under a name, with its inputs bound to nodes, and gives its first output.</summary>
    internal Node Inline(Model whole, IReadOnlyList<Node> inputs)
    {
        var model = whole.Description;
        if (inputs.Count != model.Inputs.Count)
            throw new ArgumentException($"The model takes {model.Inputs.Count} inputs, {inputs.Count} are given.", nameof(inputs));
        var bound = new Dictionary<string, Node>(StringComparer.Ordinal);
        foreach (var (input, node) in model.Inputs.Zip(inputs, (input, node) => (input, node)))
            bound.Add(input.Name, node);
        Node Find(string name) => bound.TryGetValue(name, out var found) ? found : bound[Node.OwnerOf(name)].Sibling(name);
        foreach (var node in model.Nodes)
        {
            var full = _scope.Prefix + node.Name;
            Define(full, "name");
            var shares = _scope.Owner is { } owner ? owner + node.Name : node.Shares is { } own ? _scope.Prefix + own : null;
            _nodes.Add(node with
            {
                Name = full,
                Inputs = [.. node.Inputs.Select(name => Find(name).Name)],
                Trainable = _scope.Trainable && node.Trainable,
                Shares = Share(full, shares),
            });
            bound.Add(node.Name, new Node(this, full));
        }
        foreach (var composed in model.Composed)
            _composed[_scope.Prefix + composed.Key] = Find(composed.Value).Name;
        if (_scope.Owner is null)
        {
            foreach (var part in model.InnerModels)
                _inner.Add(part with { Prefix = _scope.Prefix + part.Prefix });
            _inner.Add(new(_scope.Prefix, whole));
        }
        return new Node(this, Find(model.Outputs[0]).Name, [.. model.Outputs.Select(name => Find(name))]);
    }

    /// <summary>Applies a layer again, with the parameters it was first given.</summary>
    internal Node AddAgain(Layer layer, string owner, int time, IReadOnlyList<Node> inputs)
    {
        var again = string.Format(CultureInfo.InvariantCulture, "{0}@{1}", owner, time);
        foreach (var input in inputs)
            Own(input, nameof(inputs));
        if (layer is CustomLayer custom)
            return InScope(new(again + ".", owner + ".", layer.Trainable), () => custom.Apply(this, inputs));
        Define(again, nameof(owner));
        _nodes.Add(new(again, layer, [.. inputs.Select(input => input.Name)]) { Trainable = layer.Trainable, Shares = Share(again, owner) });
        return new Node(this, again);
    }

    /// <summary>The name a shared layer gets at its first application.</summary>
    internal string Claim(Layer layer, string? name) => _scope.Prefix + (name ?? layer.Name ?? NextName(layer.TypeName));

    /// <summary>Notes that a node shares the weights of another, and gives the one that owns them.</summary>
    private string? Share(string name, string? with)
    {
        if (with is null)
            return null;
        var owner = _owners.TryGetValue(with, out var first) ? first : with;
        _owners.Add(name, owner);
        return owner;
    }

    private Node InScope(Scope scope, Func<Node> build)
    {
        var outer = _scope;
        _scope = scope;
        try
        {
            return build();
        }
        finally
        {
            _scope = outer;
        }
    }

    /// <summary>As Keras: <c>linear</c>, <c>linear_1</c>, <c>linear_2</c>.</summary>
    private string NextName(string type)
    {
        var word = type.ToLowerInvariant();
        while (true)
        {
            var key = _scope.Prefix + word;
            _counts.TryGetValue(key, out var count);
            _counts[key] = count + 1;
            var name = count == 0 ? word : string.Format(CultureInfo.InvariantCulture, "{0}_{1}", word, count);
            if (!_names.Contains(_scope.Prefix + name))
                return name;
        }
    }

    private void Define(string name, string parameter)
    {
        if (Check.NotNull(name, parameter).Length == 0)
            throw new ArgumentException("A name may not be empty.", parameter);
        if (!_names.Add(name))
            throw new ArgumentException($"The name '{name}' is used twice in the graph.", parameter);
    }

    private Node Own(Node? node, string parameter)
        => Check.NotNull(node, parameter).Graph == this ? node! : throw new ArgumentException($"The node '{node!.Name}' is of another graph.", parameter);

    /// <summary>Where nodes are being added: the start of their names, the start of the names they share weights with, whether they train.</summary>
    private sealed record Scope(string Prefix, string? Owner, bool Trainable);
}
