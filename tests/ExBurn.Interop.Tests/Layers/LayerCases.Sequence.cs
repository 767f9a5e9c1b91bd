using Family = System.Collections.Generic.Dictionary<string, (string[] Positions, System.Func<ExBurn.Tests.Layers.LayerCases.Options, ExBurn.Layer> Make)>;

namespace ExBurn.Tests.Layers;

internal static partial class LayerCases
{
    private static Family Sequence => new()
    {
        ["RNN"] = (["input_size", "hidden_size"], o => Recurrent(o, new RNN(o.Int("input_size"), o.Int("hidden_size")) { Nonlinearity = Curve(o) })),
        ["GRU"] = (["input_size", "hidden_size"], o => Recurrent(o, new GRU(o.Int("input_size"), o.Int("hidden_size")))),
        ["LSTM"] = (["input_size", "hidden_size"], o => Recurrent(o, new LSTM(o.Int("input_size"), o.Int("hidden_size"))
        {
            ProjectionSize = o.Int("proj_size", 0),
        })),
        ["RNNCell"] = (["input_size", "hidden_size"], o => Cell(o, new RNNCell(o.Int("input_size"), o.Int("hidden_size")) { Nonlinearity = Curve(o) })),
        ["GRUCell"] = (["input_size", "hidden_size"], o => Cell(o, new GRUCell(o.Int("input_size"), o.Int("hidden_size")))),
        ["LSTMCell"] = (["input_size", "hidden_size"], o => Cell(o, new LSTMCell(o.Int("input_size"), o.Int("hidden_size")))),
        ["MultiheadAttention"] = (["embed_dim", "num_heads"], o => new MultiheadAttention(o.Int("embed_dim"), o.Int("num_heads"))
        {
            Bias = o.Flag("bias", true),
            AddBiasKeyValue = o.Flag("add_bias_kv", false),
            AddZeroAttention = o.Flag("add_zero_attn", false),
            KeyDim = o.Has("kdim") ? o.Int("kdim") : null,
            ValueDim = o.Has("vdim") ? o.Int("vdim") : null,
            BatchFirst = o.Flag("batch_first", false),
            SelfAttention = o.Flag("self_attention", false),
            Causal = o.Flag("causal", false),
            NeedWeights = o.Flag("need_weights", false),
            AverageWeights = o.Flag("average_attn_weights", true),
        }),
        ["TransformerEncoderLayer"] = (["d_model", "nhead"], o => Block(o, new TransformerEncoderLayer(o.Int("d_model"), o.Int("nhead"))
        {
            Causal = o.Flag("is_causal", false),
        })),
        ["TransformerDecoderLayer"] = (["d_model", "nhead"], o => Block(o, new TransformerDecoderLayer(o.Int("d_model"), o.Int("nhead"))
        {
            Causal = o.Flag("tgt_is_causal", false),
        })),
        ["TransformerEncoder"] = (["d_model", "nhead", "num_layers"], o
            => Block(o, new TransformerEncoder(o.Int("d_model"), o.Int("nhead"), o.Int("num_layers")) { FinalNorm = o.Flag("norm", false) })),
        ["TransformerDecoder"] = (["d_model", "nhead", "num_layers"], o
            => Block(o, new TransformerDecoder(o.Int("d_model"), o.Int("nhead"), o.Int("num_layers")) { FinalNorm = o.Flag("norm", false) })),
        ["Transformer"] = (["d_model", "nhead"], o => Block(o, new Transformer(o.Int("d_model"), o.Int("nhead"))
        {
            EncoderLayers = o.Int("num_encoder_layers", 6),
            DecoderLayers = o.Int("num_decoder_layers", 6),
            TargetCausal = o.Flag("tgt_is_causal", false),
        })),
        ["EmbeddingBag"] = (["num_embeddings", "embedding_dim"], o => new EmbeddingBag(o.Int("num_embeddings"), o.Int("embedding_dim"))
        {
            Mode = o.Text("mode", "mean") switch { "sum" => BagMode.Sum, "max" => BagMode.Max, _ => BagMode.Mean },
            PaddingIndex = o.Has("padding_idx") ? o.Int("padding_idx") : null,
            Offsets = o.Flag("offsets", false),
            IncludeLastOffset = o.Flag("include_last_offset", false),
            PerSampleWeights = o.Flag("per_sample_weights", false),
            ScaleGradientByFrequency = o.Flag("scale_grad_by_freq", false),
        }),
    };

    private static RecurrentNonlinearity Curve(Options o)
        => o.Text("nonlinearity", "tanh") == "relu" ? RecurrentNonlinearity.ReLU : RecurrentNonlinearity.Tanh;

    private static RecurrentLayer Recurrent(Options o, RecurrentLayer layer) => layer with
    {
        Layers = o.Int("num_layers", 1),
        Bidirectional = o.Flag("bidirectional", false),
        Bias = o.Flag("bias", true),
        BatchFirst = o.Flag("batch_first", false),
        InitialState = o.Flag("initial_state", false),
    };

    private static RecurrentCell Cell(Options o, RecurrentCell layer) => layer with
    {
        Bias = o.Flag("bias", true),
        InitialState = o.Flag("initial_state", true),
    };

    private static TransformerBlock Block(Options o, TransformerBlock layer) => layer with
    {
        FeedForwardSize = o.Int("dim_feedforward", 2048),
        Dropout = o.Number("dropout", 0.1),
        Activation = o.Text("activation", "relu") == "gelu" ? TransformerActivation.GELU : TransformerActivation.ReLU,
        LayerNormEps = o.Number("layer_norm_eps", 1e-5),
        BatchFirst = o.Flag("batch_first", false),
        NormFirst = o.Flag("norm_first", false),
    };
}
