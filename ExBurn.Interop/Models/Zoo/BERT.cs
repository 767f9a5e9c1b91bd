namespace ExBurn.Models.Zoo;

/// <summary>The encoder of BERT (Devlin et al., 2018) with the names of Hugging Face's <c>BertModel</c>: its files load as they are.</summary>
public static class BERT
{
    /// <summary>
    /// The base model: 109,482,240 parameters. Inputs <c>input_ids</c> and <c>token_type_ids</c> [N, T], integers, and <c>attention_mask</c>
    /// [N, T], 1 for a token and 0 for padding; outputs <c>last_hidden_state</c> [N, T, width] and <c>pooler_output</c> [N, width].
    /// </summary>
    /// <param name="vocabulary">Number of tokens.</param>
    /// <param name="context">Longest sequence.</param>
    /// <param name="width">Size of the model; a multiple of <paramref name="heads"/>.</param>
    /// <param name="layers">Number of layers.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="dropout">Probability of every dropout.</param>
    public static GraphModel Base(int vocabulary = 30522, int context = 512, int width = 768, int layers = 12, int heads = 12, double dropout = 0.1)
    {
        var g = new Graph();
        var tokens = g.Input("input_ids", -1).Apply(Table(vocabulary, width), "embeddings.word_embeddings");
        var segments = g.Input("token_type_ids", -1).Apply(Table(2, width), "embeddings.token_type_embeddings");
        var x = (tokens + segments)
            .Apply(new LearnedPositionalEmbedding(context, width) { BatchFirst = true, InitialStd = 0.02 }, "embeddings.position_embeddings")
            .Apply(new LayerNorm([width]) { Eps = 1e-12 }, "embeddings.LayerNorm")
            .Apply(new Dropout(dropout));
        // 0 for tokens, very low for padding, added to the scores [N, heads, T, T].
        var mask = ((g.Input("attention_mask", -1) - 1) * 1e9).Unsqueeze(1).Unsqueeze(1);
        for (var i = 0; i < layers; i++)
            x = x.Apply(new EncoderLayer(width, heads, dropout), FormattableString.Invariant($"encoder.layer.{i}"), mask);
        var pooled = x.Select(1, 0).Apply(Projection(width, width), "pooler.dense").Apply(new Tanh());
        return g.Build(("last_hidden_state", x), ("pooler_output", pooled));
    }

    private static Embedding Table(int rows, int width) => new(rows, width) { Initializers = [("weight", Initializer.Normal(0, 0.02))] };

    private static Linear Projection(int inputs, int outputs)
        => new(inputs, outputs) { Initializers = [("weight", Initializer.Normal(0, 0.02)), ("bias", Initializer.Zeros)] };

    private sealed record EncoderLayer(int Width, int Heads, double Dropout) : CustomLayer
    {
        protected override Node Forward(IReadOnlyList<Node> inputs)
        {
            var (input, mask, size) = (inputs[0], inputs[1], Width / Heads);
            var (query, key, value) = (Spread("query"), Spread("key"), Spread("value"));
            var scores = (query.MatMul(key.Transpose(2, 3)) / Math.Sqrt(size)) + mask;
            var mixed = scores.Softmax(-1).Apply(new Dropout(Dropout)).MatMul(value).Permute(0, 2, 1, 3).Flatten(2);
            var x = Joined(mixed, Width, input, "attention.output");
            var inner = x.Apply(Projection(Width, 4 * Width), "intermediate.dense").Apply(new GELU());
            return Joined(inner, 4 * Width, x, "output");

            Node Spread(string name)
                => input.Apply(Projection(Width, Width), "attention.self." + name).Reshape(0, 0, Heads, size).Permute(0, 2, 1, 3);
        }

        private Node Joined(Node value, int inputs, Node residual, string name)
            => (value.Apply(Projection(inputs, Width), name + ".dense").Apply(new Dropout(Dropout)) + residual)
                .Apply(new LayerNorm([Width]) { Eps = 1e-12 }, name + ".LayerNorm");
    }
}
