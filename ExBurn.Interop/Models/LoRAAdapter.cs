namespace ExBurn;

/// <summary>
/// The low-rank change of one layer (Hu et al., 2021): y = base(x) + alpha/rank · B(A(dropout(x))). A and B are layers of their own, so that
/// everything that works on layers works on them; what read the base's output reads the sum.
/// </summary>
internal sealed record LoRAAdapter(int Rank, double Alpha, double Dropout)
{
    private static readonly ValueArray<ParameterInitializer> s_zeros = [("weight", Initializer.Zeros)];

    /// <summary>Names of its two parameters in the state, as PEFT's.</summary>
    public static string[] Parameters(string layer) => [layer + ".lora_A.weight", layer + ".lora_B.weight"];

    /// <summary>Name of the sum.</summary>
    public static string Output(string layer) => layer + ".lora";

    /// <summary>Whether a layer can be adapted.</summary>
    public static bool Suits(Layer layer) => Factors(layer, 1) is not null;

    /// <summary>The description with the adapters of the layers that own the named weights, and of those that share them.</summary>
    public static ModelDescription Apply(ModelDescription model, IReadOnlyDictionary<string, LoRAAdapter> adapters)
    {
        if (adapters.Count == 0)
            return model;
        var nodes = new List<NodeDescription>();
        var sums = new Dictionary<string, string>(StringComparer.Ordinal);
        string Read(string name) => sums.TryGetValue(name, out var sum) ? sum : name;
        foreach (var described in model.Nodes)
        {
            var node = described with { Inputs = [.. described.Inputs.Select(Read)] };
            nodes.Add(node);
            if (!adapters.TryGetValue(node.Shares ?? node.Name, out var adapter))
                continue;
            adapter.AddTo(nodes, node);
            sums.Add(node.Name, Output(node.Name));
        }
        return model with { Nodes = nodes, Outputs = [.. model.Outputs.Select(Read)] };
    }

    /// <summary>weight + alpha/rank · B A, summed in double precision. A convolution's A and B are matrices too: all but the first dimension are one.</summary>
    public TensorData Fold(TensorData weight, TensorData a, TensorData b)
    {
        var (folded, down, up, scale) = (weight.ToDoubles(), a.ToDoubles(), b.ToDoubles(), Alpha / Rank);
        var (outputs, inputs) = (up.Length / Rank, down.Length / Rank);
        Parallel.For(0, outputs, row =>
        {
            var sums = new double[inputs];
            for (var k = 0; k < Rank; k++)
            {
                var factor = up[(row * Rank) + k];
                for (var i = 0; i < sums.Length; i++)
                    sums[i] += factor * down[(k * inputs) + i];
            }
            for (var i = 0; i < sums.Length; i++)
                folded[(row * inputs) + i] += scale * sums[i];
        });
        return weight.DType == DType.Float64
            ? new(new TensorView(folded, weight.Shape))
            : new(new TensorView(Array.ConvertAll(folded, value => (float)value), weight.Shape));
    }

    private void AddTo(List<NodeDescription> nodes, NodeDescription node)
    {
        var (name, input) = (node.Name, node.Inputs[0]);
        var (down, up) = Factors(node.Layer, Rank) ?? throw new InvalidOperationException($"'{name}' cannot be adapted.");
        if (Dropout > 0)
            input = Add("lora_dropout", new Dropout(Dropout), input);
        var product = Add("lora_B", up, Add("lora_A", down, input));
        var scale = Alpha / Rank;
        var scaled = Add("lora_scale", new Operation("MulScalar", config => config.Add("value", scale)), product);
        Add("lora", new Operation("Add"), name, scaled);

        string Add(string part, Layer layer, params string[] inputs)
        {
            // The parts without weights share nothing.
            var shares = part is "lora_A" or "lora_B" && node.Shares is { } owner ? $"{owner}.{part}" : null;
            nodes.Add(new($"{name}.{part}", layer, inputs) { Shares = shares });
            return $"{name}.{part}";
        }
    }

    /// <summary>A, drawn from U(-1/√fan, 1/√fan) (Kaiming's with a = √5), and B, zero at first; null for a layer that has none.</summary>
    private static (Layer Down, Layer Up)? Factors(Layer layer, int rank) => layer switch
    {
        Linear of => (new Linear(of.InFeatures, rank) { Bias = false }, new Linear(rank, of.OutFeatures) { Bias = false, Initializers = s_zeros }),
        Conv1d { Groups: 1 } of => (
            of with { Name = null, OutChannels = rank, Bias = false, Trainable = true, Initializers = default },
            new Conv1d(rank, of.OutChannels, 1) { Bias = false, Initializers = s_zeros }),
        Conv2d { Groups: 1 } of => (
            of with { Name = null, OutChannels = rank, Bias = false, Trainable = true, Initializers = default },
            new Conv2d(rank, of.OutChannels, 1) { Bias = false, Initializers = s_zeros }),
        Conv3d { Groups: 1 } of => (
            of with { Name = null, OutChannels = rank, Bias = false, Trainable = true, Initializers = default },
            new Conv3d(rank, of.OutChannels, 1) { Bias = false, Initializers = s_zeros }),
        _ => null,
    };
}
