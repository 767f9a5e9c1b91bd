namespace ExBurn.Tests.Layers;

public sealed partial class LayerDescriptionTests
{
    private static (Layer, string)[] Sequence =>
    [
        (
            new RNN(3, 4),
            """{"type":"RNN","config":{"input_size":3,"hidden_size":4,"num_layers":1,"bidirectional":false,"bias":true,"dropout":0,"batch_first":false,"initial_state":false,"nonlinearity":"tanh"}}"""
        ),
        (
            new RNN(3, 4) { Nonlinearity = RecurrentNonlinearity.ReLU, Bias = false },
            """{"type":"RNN","config":{"input_size":3,"hidden_size":4,"num_layers":1,"bidirectional":false,"bias":false,"dropout":0,"batch_first":false,"initial_state":false,"nonlinearity":"relu"}}"""
        ),
        (
            new LSTM(3, 4) { Layers = 2, Bidirectional = true, BatchFirst = true, Dropout = 0.25, ProjectionSize = 2 },
            """{"type":"LSTM","config":{"input_size":3,"hidden_size":4,"num_layers":2,"bidirectional":true,"bias":true,"dropout":0.25,"batch_first":true,"initial_state":false,"proj_size":2}}"""
        ),
        (
            new GRU(3, 4) { InitialState = true },
            """{"type":"GRU","config":{"input_size":3,"hidden_size":4,"num_layers":1,"bidirectional":false,"bias":true,"dropout":0,"batch_first":false,"initial_state":true}}"""
        ),
        (new RNNCell(3, 4), """{"type":"RNNCell","config":{"input_size":3,"hidden_size":4,"bias":true,"initial_state":true,"nonlinearity":"tanh"}}"""),
        (new LSTMCell(3, 4), """{"type":"LSTMCell","config":{"input_size":3,"hidden_size":4,"bias":true,"initial_state":true}}"""),
        (
            new GRUCell(3, 4) { Bias = false, InitialState = false },
            """{"type":"GRUCell","config":{"input_size":3,"hidden_size":4,"bias":false,"initial_state":false}}"""
        ),
        (
            new MultiheadAttention(8, 2),
            """{"type":"MultiheadAttention","config":{"embed_dim":8,"num_heads":2,"dropout":0,"bias":true,"add_bias_kv":false,"add_zero_attn":false,"kdim":null,"vdim":null,"batch_first":false,"self_attention":false,"causal":false,"masks":[],"need_weights":false,"average_attn_weights":true}}"""
        ),
        (
            new MultiheadAttention(8, 2)
            {
                Dropout = 0.5,
                Bias = false,
                AddBiasKeyValue = true,
                AddZeroAttention = true,
                KeyDim = 3,
                ValueDim = 5,
                BatchFirst = true,
                Causal = true,
                Masks = [AttentionMask.Attention, AttentionMask.KeyPadding],
                NeedWeights = true,
                AverageWeights = false,
            },
            """{"type":"MultiheadAttention","config":{"embed_dim":8,"num_heads":2,"dropout":0.5,"bias":false,"add_bias_kv":true,"add_zero_attn":true,"kdim":3,"vdim":5,"batch_first":true,"self_attention":false,"causal":true,"masks":["attention","key_padding"],"need_weights":true,"average_attn_weights":false}}"""
        ),
        (
            new TransformerEncoderLayer(8, 2) { Masks = [AttentionMask.KeyPadding] },
            """{"type":"TransformerEncoderLayer","config":{"d_model":8,"nhead":2,"dim_feedforward":2048,"dropout":0.1,"activation":"relu","layer_norm_eps":1E-05,"batch_first":false,"norm_first":false,"bias":true,"is_causal":false,"masks":["key_padding"]}}"""
        ),
        (
            new TransformerDecoderLayer(8, 2) { Causal = true, Masks = [DecoderMask.MemoryKeyPadding, DecoderMask.Target] },
            """{"type":"TransformerDecoderLayer","config":{"d_model":8,"nhead":2,"dim_feedforward":2048,"dropout":0.1,"activation":"relu","layer_norm_eps":1E-05,"batch_first":false,"norm_first":false,"bias":true,"tgt_is_causal":true,"memory_is_causal":false,"masks":["memory_key_padding","tgt"]}}"""
        ),
        (
            new TransformerEncoder(8, 2, 3)
            {
                FeedForwardSize = 16,
                Dropout = 0,
                Activation = TransformerActivation.GELU,
                LayerNormEps = 0.5,
                BatchFirst = true,
                NormFirst = true,
                Bias = false,
                Causal = true,
                FinalNorm = true,
            },
            """{"type":"TransformerEncoder","config":{"d_model":8,"nhead":2,"dim_feedforward":16,"dropout":0,"activation":"gelu","layer_norm_eps":0.5,"batch_first":true,"norm_first":true,"bias":false,"is_causal":true,"masks":[],"num_layers":3,"norm":true}}"""
        ),
        (
            new TransformerDecoder(8, 2, 3) { Masks = [DecoderMask.TargetKeyPadding, DecoderMask.Memory], MemoryCausal = true },
            """{"type":"TransformerDecoder","config":{"d_model":8,"nhead":2,"dim_feedforward":2048,"dropout":0.1,"activation":"relu","layer_norm_eps":1E-05,"batch_first":false,"norm_first":false,"bias":true,"tgt_is_causal":false,"memory_is_causal":true,"masks":["tgt_key_padding","memory"],"num_layers":3,"norm":false}}"""
        ),
        (
            new Transformer { TargetCausal = true, Masks = [TransformerMask.SourceKeyPadding, TransformerMask.Source, TransformerMask.MemoryKeyPadding] },
            """{"type":"Transformer","config":{"d_model":512,"nhead":8,"dim_feedforward":2048,"dropout":0.1,"activation":"relu","layer_norm_eps":1E-05,"batch_first":false,"norm_first":false,"bias":true,"num_encoder_layers":6,"num_decoder_layers":6,"src_is_causal":false,"tgt_is_causal":true,"memory_is_causal":false,"masks":["src_key_padding","src","memory_key_padding"]}}"""
        ),
        (new PositionalEncoding(8), """{"type":"PositionalEncoding","config":{"d_model":8,"max_len":5000,"dropout":0,"batch_first":false}}"""),
        (
            new LearnedPositionalEmbedding(16, 8) { InitialStd = 1, BatchFirst = true },
            """{"type":"LearnedPositionalEmbedding","config":{"max_len":16,"embedding_dim":8,"init_std":1,"batch_first":true}}"""
        ),
        (new RotaryEmbedding(8), """{"type":"RotaryEmbedding","config":{"dim":8,"base":10000,"pairing":"half","offset":0,"seq_dim":-2}}"""),
        (
            new RotaryEmbedding(8) { Base = 500, Pairing = RotaryPairing.Interleaved, Offset = 3, TimeDim = 1 },
            """{"type":"RotaryEmbedding","config":{"dim":8,"base":500,"pairing":"interleaved","offset":3,"seq_dim":1}}"""
        ),
        (
            new EmbeddingBag(7, 4),
            """{"type":"EmbeddingBag","config":{"num_embeddings":7,"embedding_dim":4,"mode":"mean","padding_idx":null,"offsets":false,"include_last_offset":false,"per_sample_weights":false,"max_norm":null,"norm_type":2,"scale_grad_by_freq":false}}"""
        ),
        (
            new EmbeddingBag(7, 4) { Mode = BagMode.Sum, PaddingIndex = -1, Offsets = true, IncludeLastOffset = true, PerSampleWeights = true, MaxNorm = 2 },
            """{"type":"EmbeddingBag","config":{"num_embeddings":7,"embedding_dim":4,"mode":"sum","padding_idx":-1,"offsets":true,"include_last_offset":true,"per_sample_weights":true,"max_norm":2,"norm_type":2,"scale_grad_by_freq":false}}"""
        ),
    ];
}
