namespace ExBurn;

/// <summary>A mask that <see cref="MultiheadAttention"/> or a transformer's encoder takes as an input.</summary>
public enum AttentionMask
{
    /// <summary>Over samples and keys, [N, S].</summary>
    KeyPadding,

    /// <summary>Over queries and keys, [L, S] or [N · heads, L, S].</summary>
    Attention,
}

internal static class AttentionMasks
{
    public static string NativeName(this AttentionMask mask) => mask switch
    {
        AttentionMask.KeyPadding => "key_padding",
        AttentionMask.Attention => "attention",
        _ => throw new ArgumentOutOfRangeException(nameof(mask), mask, "unknown mask"),
    };
}

/// <summary>
/// Attention with several heads: softmax(q kᵀ / √(size of a head)) v per head. Inputs: query [L, N, embed], key [S, N, kdim], value
/// [S, N, vdim] (batch before time with <see cref="BatchFirst"/>, or all without a batch), or one that is all three
/// (<see cref="SelfAttention"/>); then the <see cref="Masks"/>. Output [L, N, embed]; with <see cref="NeedWeights"/> the weights are a second one.
/// A query that may see no key gets weights of zero. State: <c>in_proj_weight</c> [3 embed, embed] (or <c>q_proj_weight</c>,
/// <c>k_proj_weight</c>, <c>v_proj_weight</c> where the sizes differ), <c>in_proj_bias</c>, <c>out_proj.weight</c>, <c>out_proj.bias</c>;
/// the projections start with Xavier's uniform values.
/// </summary>
/// <param name="EmbedDim">Features of queries and outputs; a multiple of the heads.</param>
/// <param name="Heads">Number of heads.</param>
public sealed record MultiheadAttention(int EmbedDim, int Heads) : Layer
{
    /// <summary>Features of queries and outputs; a multiple of the heads.</summary>
    public int EmbedDim { get; init => field = Check.Positive(value); } = Check.Positive(EmbedDim);

    /// <summary>Number of heads.</summary>
    public int Heads { get; init => field = Check.Positive(value); } = Check.Positive(Heads);

    /// <summary>Probability of zero, in training, of every weight, from 0 to 1. Default 0.</summary>
    public double Dropout { get; init => field = Check.Probability(value); }

    /// <summary>Whether projections have biases. Default true.</summary>
    public bool Bias { get; init; } = true;

    /// <summary>Whether a learned key and value, <c>bias_k</c> and <c>bias_v</c>, are appended to the sequence. Default false.</summary>
    public bool AddBiasKeyValue { get; init; }

    /// <summary>Whether a key and value of zeros are appended to the sequence. Default false.</summary>
    public bool AddZeroAttention { get; init; }

    /// <summary>Features of keys; null is <see cref="EmbedDim"/>. Default null.</summary>
    public int? KeyDim { get; init => field = value is { } size ? Check.Positive(size) : null; }

    /// <summary>Features of values; null is <see cref="EmbedDim"/>. Default null.</summary>
    public int? ValueDim { get; init => field = value is { } size ? Check.Positive(size) : null; }

    /// <summary>Whether the batch comes before time. Default false.</summary>
    public bool BatchFirst { get; init; }

    /// <summary>Whether one input is query, key and value. Default false.</summary>
    public bool SelfAttention { get; init; }

    /// <summary>Whether a query sees no key behind its own position. Default false.</summary>
    public bool Causal { get; init; }

    /// <summary>
    /// The masks that follow as inputs, in this order. Of integers those other than 0 are ignored; floats are added to the scores.
    /// Default none.
    /// </summary>
    public ValueArray<AttentionMask> Masks { get; init; }

    /// <summary>Whether the weights are a second output: [N, L, S], or [N, heads, L, S] without <see cref="AverageWeights"/>. Default false.</summary>
    public bool NeedWeights { get; init; }

    /// <summary>Whether those weights are the mean over the heads. Default true.</summary>
    public bool AverageWeights { get; init; } = true;

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("embed_dim", EmbedDim)
        .Add("num_heads", Heads)
        .Add("dropout", Dropout)
        .Add("bias", Bias)
        .Add("add_bias_kv", AddBiasKeyValue)
        .Add("add_zero_attn", AddZeroAttention)
        .Add("kdim", KeyDim)
        .Add("vdim", ValueDim)
        .Add("batch_first", BatchFirst)
        .Add("self_attention", SelfAttention)
        .Add("causal", Causal)
        .AddWords("masks", Masks.Select(mask => mask.NativeName()))
        .Add("need_weights", NeedWeights)
        .Add("average_attn_weights", AverageWeights);
}
