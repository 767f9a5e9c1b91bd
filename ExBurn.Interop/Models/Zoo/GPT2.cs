namespace ExBurn.Models.Zoo;

/// <summary>GPT-2 (Radford et al., 2019) with the names and layouts of Hugging Face's <c>GPT2LMHeadModel</c>: its files load as they are.</summary>
public static class GPT2
{
    /// <summary>
    /// The small model: 124,439,808 parameters (the output shares the token table). Input <c>tokens</c> [N, T], integers, T at most
    /// <paramref name="context"/>; output <c>logits</c> [N, T, vocabulary].
    /// </summary>
    /// <param name="vocabulary">Number of tokens.</param>
    /// <param name="context">Longest sequence.</param>
    /// <param name="width">Size of the model; a multiple of <paramref name="heads"/>.</param>
    /// <param name="layers">Number of layers.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="dropout">Probability of every dropout.</param>
    public static GraphModel Small(int vocabulary = 50257, int context = 1024, int width = 768, int layers = 12, int heads = 12, double dropout = 0.1)
    {
        var g = new Graph();
        var table = g.Parameter("transformer.wte.weight", [vocabulary, width], Initializer.Normal(0, 0.02));
        var x = table.Lookup(g.Input("tokens", -1))
            .Apply(new LearnedPositionalEmbedding(context, width) { BatchFirst = true, InitialStd = 0.02 }, "transformer.wpe")
            .Apply(new Dropout(dropout));
        for (var i = 0; i < layers; i++)
            x = x.Apply(new DecoderLayer(width, heads, layers, dropout), FormattableString.Invariant($"transformer.h.{i}"));
        return g.Build(("logits", x.Apply(new LayerNorm([width]), "transformer.ln_f").MatMul(table.Transpose(0, 1))));
    }

    private sealed record DecoderLayer(int Width, int Heads, int Layers, double Dropout) : CustomLayer
    {
        protected override Node Forward(Node input)
        {
            // The weights that write into the residual stream are smaller, by the root of their number.
            var residual = 0.02 / Math.Sqrt(2 * Layers);
            var x = input + input.Apply(new LayerNorm([Width]), "ln_1").Apply(new Attention(Width, Heads, Dropout, residual), "attn");
            return x + x.Apply(new LayerNorm([Width]), "ln_2")
                .Apply(new TransposedLinear(Width, 4 * Width, 0.02), "mlp.c_fc")
                .Apply(new GELU(GeluApproximation.Tanh))
                .Apply(new TransposedLinear(4 * Width, Width, residual), "mlp.c_proj")
                .Apply(new Dropout(Dropout));
        }
    }

    private sealed record Attention(int Width, int Heads, double Dropout, double Residual) : CustomLayer
    {
        protected override Node Forward(Node input)
        {
            var size = Width / Heads;
            var parts = input.Apply(new TransposedLinear(Width, 3 * Width, 0.02), "c_attn").Split(2, Width, Width, Width);
            var (query, key, value) = (Spread(parts[0]), Spread(parts[1]), Spread(parts[2]));
            var scores = (query.MatMul(key.Transpose(2, 3)) / Math.Sqrt(size)).CausalMask();
            var mixed = scores.Softmax(-1).Apply(new Dropout(Dropout)).MatMul(value);
            return mixed.Permute(0, 2, 1, 3).Flatten(2).Apply(new TransposedLinear(Width, Width, Residual), "c_proj").Apply(new Dropout(Dropout));

            Node Spread(Node x) => x.Reshape(0, 0, Heads, size).Permute(0, 2, 1, 3);
        }
    }

    /// <summary>A linear layer whose weight lies as [in, out], Hugging Face's <c>Conv1D</c>.</summary>
    private sealed record TransposedLinear(int Inputs, int Outputs, double Std) : CustomLayer
    {
        protected override Node Forward(Node input)
            => input.MatMul(Parameter("weight", [Inputs, Outputs], Initializer.Normal(0, Std))) + Parameter("bias", [Outputs]);
    }
}
