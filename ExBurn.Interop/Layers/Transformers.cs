namespace ExBurn;

/// <summary>One encoder block: self-attention, feed-forward network.</summary>
/// <remarks><inheritdoc cref="TransformerBlock" path="/summary"/></remarks>
/// <param name="ModelSize">Features of inputs and outputs; a multiple of the heads.</param>
/// <param name="Heads">Number of heads.</param>
public sealed record TransformerEncoderLayer(int ModelSize, int Heads) : TransformerEncoderBlock(ModelSize, Heads);

/// <summary>One decoder block: self-attention, attention to the memory, feed-forward network.</summary>
/// <remarks><inheritdoc cref="TransformerBlock" path="/summary"/></remarks>
/// <param name="ModelSize">Features of inputs and outputs; a multiple of the heads.</param>
/// <param name="Heads">Number of heads.</param>
public sealed record TransformerDecoderLayer(int ModelSize, int Heads) : TransformerDecoderBlock(ModelSize, Heads);

/// <summary>Encoder blocks one after the other. State: <c>layers.0.</c> and so on, <c>norm</c>.</summary>
/// <remarks><inheritdoc cref="TransformerBlock" path="/summary"/></remarks>
/// <param name="ModelSize">Features of inputs and outputs; a multiple of the heads.</param>
/// <param name="Heads">Number of heads.</param>
/// <param name="Layers">Number of blocks.</param>
public sealed record TransformerEncoder(int ModelSize, int Heads, int Layers) : TransformerEncoderBlock(ModelSize, Heads)
{
    /// <summary>Number of blocks.</summary>
    public int Layers { get; init => field = Check.Positive(value); } = Check.Positive(Layers);

    /// <summary>Whether a normalisation follows the last block. Default false.</summary>
    public bool FinalNorm { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config.Add("num_layers", Layers).Add("norm", FinalNorm);
    }
}

/// <summary>Decoder blocks one after the other. State: <c>layers.0.</c> and so on, <c>norm</c>.</summary>
/// <remarks><inheritdoc cref="TransformerBlock" path="/summary"/></remarks>
/// <param name="ModelSize">Features of inputs and outputs; a multiple of the heads.</param>
/// <param name="Heads">Number of heads.</param>
/// <param name="Layers">Number of blocks.</param>
public sealed record TransformerDecoder(int ModelSize, int Heads, int Layers) : TransformerDecoderBlock(ModelSize, Heads)
{
    /// <summary>Number of blocks.</summary>
    public int Layers { get; init => field = Check.Positive(value); } = Check.Positive(Layers);

    /// <summary>Whether a normalisation follows the last block. Default false.</summary>
    public bool FinalNorm { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config.Add("num_layers", Layers).Add("norm", FinalNorm);
    }
}

/// <summary>A mask that a <see cref="Transformer"/> takes as an input.</summary>
public enum TransformerMask
{
    /// <summary>Over samples and positions of the source, [N, S], for the encoder.</summary>
    SourceKeyPadding,

    /// <summary>Over pairs of positions of the source, [S, S] or [N · heads, S, S].</summary>
    Source,

    /// <summary>Over samples and positions of the target, [N, T].</summary>
    TargetKeyPadding,

    /// <summary>Over pairs of positions of the target, [T, T] or [N · heads, T, T].</summary>
    Target,

    /// <summary>Over samples and positions of the source, [N, S], for the decoder's attention to the memory.</summary>
    MemoryKeyPadding,

    /// <summary>Over positions of the target and of the source, [T, S] or [N · heads, T, S].</summary>
    Memory,
}

/// <summary>
/// A whole transformer: source [S, N, model] and target [T, N, model] (batch before time with
/// <see cref="TransformerBlock.BatchFirst"/>, or without a batch) and the <see cref="Masks"/> to the shape of the target. Both stacks end with a
/// normalisation; all matrices start with Xavier's uniform values. State: <c>encoder.layers.0.</c> ..., <c>encoder.norm</c>,
/// <c>decoder.layers.0.</c> ..., <c>decoder.norm</c>.
/// </summary>
/// <param name="ModelSize">Features of inputs and outputs; a multiple of the heads.</param>
/// <param name="Heads">Number of heads.</param>
public sealed record Transformer(int ModelSize = 512, int Heads = 8) : TransformerBlock(ModelSize, Heads)
{
    /// <summary>Blocks of the encoder. Default 6.</summary>
    public int EncoderLayers { get; init => field = Check.Positive(value); } = 6;

    /// <summary>Blocks of the decoder. Default 6.</summary>
    public int DecoderLayers { get; init => field = Check.Positive(value); } = 6;

    /// <summary>Whether a position of the source sees none behind it. Default false.</summary>
    public bool SourceCausal { get; init; }

    /// <summary>Whether a position of the target sees none behind it. Default false.</summary>
    public bool TargetCausal { get; init; }

    /// <summary>Whether a position of the target sees none of the source behind its own. Default false.</summary>
    public bool MemoryCausal { get; init; }

    /// <summary>
    /// The masks that follow as inputs, in this order. Of integers those other than 0 are ignored; floats are added to the scores.
    /// Default none.
    /// </summary>
    public ValueArray<TransformerMask> Masks { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config.Add("num_encoder_layers", EncoderLayers)
            .Add("num_decoder_layers", DecoderLayers)
            .Add("src_is_causal", SourceCausal)
            .Add("tgt_is_causal", TargetCausal)
            .Add("memory_is_causal", MemoryCausal)
            .AddWords("masks", Masks.Select(MaskName));
    }

    private static string MaskName(TransformerMask mask) => mask switch
    {
        TransformerMask.SourceKeyPadding => "src_key_padding",
        TransformerMask.Source => "src",
        TransformerMask.TargetKeyPadding => "tgt_key_padding",
        TransformerMask.Target => "tgt",
        TransformerMask.MemoryKeyPadding => "memory_key_padding",
        TransformerMask.Memory => "memory",
        _ => throw new ArgumentOutOfRangeException(nameof(mask), mask, "unknown mask"),
    };
}
