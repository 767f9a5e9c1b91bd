namespace ExBurn;

/// <summary>The curve of a transformer's feed-forward network.</summary>
public enum TransformerActivation
{
    /// <summary>max(0, x).</summary>
    ReLU,

    /// <summary>x · Φ(x), exactly.</summary>
    GELU,
}

/// <summary>
/// A block of a transformer (Vaswani et al., 2017): attention and a feed-forward network, each with a residual link, dropout and a
/// <see cref="LayerNorm"/>. State: <c>self_attn</c> (as <see cref="MultiheadAttention"/>), of a decoder <c>multihead_attn</c>,
/// <c>linear1</c>, <c>linear2</c>, <c>norm1</c>, <c>norm2</c>, of a decoder <c>norm3</c>.
/// </summary>
public abstract record TransformerBlock : Layer
{
    private protected TransformerBlock(int modelSize, int heads) => (ModelSize, Heads) = (modelSize, heads);

    /// <summary>Features of inputs and outputs; a multiple of the heads.</summary>
    public int ModelSize { get; init => field = Check.Positive(value); }

    /// <summary>Number of heads of every attention.</summary>
    public int Heads { get; init => field = Check.Positive(value); }

    /// <summary>Features inside the feed-forward network. Default 2048.</summary>
    public int FeedForwardSize { get; init => field = Check.Positive(value); } = 2048;

    /// <summary>Probability of zero, in training, in all places that drop, from 0 to 1. Default 0.1.</summary>
    public double Dropout { get; init => field = Check.Probability(value); } = 0.1;

    /// <summary>The curve of the feed-forward network. Default ReLU.</summary>
    public TransformerActivation Activation { get; init; }

    /// <summary>Added to the variance in normalisations. Default 1e-5.</summary>
    public double LayerNormEps { get; init => field = Check.NonNegative(value); } = 1e-5;

    /// <summary>Whether the batch comes before time. Default false.</summary>
    public bool BatchFirst { get; init; }

    /// <summary>Whether normalisation comes before each part instead of after its residual link. Default false.</summary>
    public bool NormFirst { get; init; }

    /// <summary>Whether linear parts and normalisations have biases. Default true.</summary>
    public bool Bias { get; init; } = true;

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("d_model", ModelSize)
        .Add("nhead", Heads)
        .Add("dim_feedforward", FeedForwardSize)
        .Add("dropout", Dropout)
        .Add("activation", Activation == TransformerActivation.GELU ? "gelu" : "relu")
        .Add("layer_norm_eps", LayerNormEps)
        .Add("batch_first", BatchFirst)
        .Add("norm_first", NormFirst)
        .Add("bias", Bias);
}

/// <summary>
/// Encoder blocks: [L, N, model] ([N, L, model] with <see cref="TransformerBlock.BatchFirst"/>, or without a batch) and the
/// <see cref="Masks"/> to the same shape.
/// </summary>
public abstract record TransformerEncoderBlock : TransformerBlock
{
    private protected TransformerEncoderBlock(int modelSize, int heads) : base(modelSize, heads)
    {
    }

    /// <summary>Whether a position sees none behind it. Default false.</summary>
    public bool Causal { get; init; }

    /// <summary>
    /// The masks that follow as inputs, in this order. Of integers those other than 0 are ignored; floats are added to the scores.
    /// Default none.
    /// </summary>
    public ValueArray<AttentionMask> Masks { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config.Add("is_causal", Causal).AddWords("masks", Masks.Select(mask => mask.NativeName()));
    }
}

/// <summary>A mask that a transformer's decoder takes as an input.</summary>
public enum DecoderMask
{
    /// <summary>Over samples and positions of the target, [N, T].</summary>
    TargetKeyPadding,

    /// <summary>Over pairs of positions of the target, [T, T] or [N · heads, T, T].</summary>
    Target,

    /// <summary>Over samples and positions of the memory, [N, S].</summary>
    MemoryKeyPadding,

    /// <summary>Over positions of the target and of the memory, [T, S] or [N · heads, T, S].</summary>
    Memory,
}

/// <summary>
/// Decoder blocks: target [T, N, model] and memory [S, N, model] (batch before time with <see cref="TransformerBlock.BatchFirst"/>, or
/// without a batch) and the <see cref="Masks"/> to the shape of the target.
/// </summary>
public abstract record TransformerDecoderBlock : TransformerBlock
{
    private protected TransformerDecoderBlock(int modelSize, int heads) : base(modelSize, heads)
    {
    }

    /// <summary>Whether a position of the target sees none behind it. Default false.</summary>
    public bool Causal { get; init; }

    /// <summary>Whether a position of the target sees none of the memory behind its own. Default false.</summary>
    public bool MemoryCausal { get; init; }

    /// <summary>
    /// The masks that follow as inputs, in this order. Of integers those other than 0 are ignored; floats are added to the scores.
    /// Default none.
    /// </summary>
    public ValueArray<DecoderMask> Masks { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config.Add("tgt_is_causal", Causal).Add("memory_is_causal", MemoryCausal).AddWords("masks", Masks.Select(MaskName));
    }

    private static string MaskName(DecoderMask mask) => mask switch
    {
        DecoderMask.TargetKeyPadding => "tgt_key_padding",
        DecoderMask.Target => "tgt",
        DecoderMask.MemoryKeyPadding => "memory_key_padding",
        DecoderMask.Memory => "memory",
        _ => throw new ArgumentOutOfRangeException(nameof(mask), mask, "unknown mask"),
    };
}
