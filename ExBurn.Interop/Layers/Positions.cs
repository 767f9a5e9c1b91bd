namespace ExBurn;

/// <summary>
/// Adds sinusoids of the position (Vaswani et al., 2017, section 3.5): PE(p, 2i) = sin(p / 10000^(2i / size)), PE(p, 2i + 1) = cos of
/// the same. [L, N, size], [N, L, size] with <see cref="BatchFirst"/>, or [L, size]; shape unchanged, no state.
/// </summary>
/// <param name="ModelSize">Features of an element of the sequence.</param>
public sealed record PositionalEncoding(int ModelSize) : Layer
{
    /// <summary>Features of an element of the sequence.</summary>
    public int ModelSize { get; init => field = Check.Positive(value); } = Check.Positive(ModelSize);

    /// <summary>Longest sequence. Default 5000.</summary>
    public int MaxLength { get; init => field = Check.Positive(value); } = 5000;

    /// <summary>Probability of zero, in training, of every element of the sum, from 0 to 1. Default 0.</summary>
    public double Dropout { get; init => field = Check.Probability(value); }

    /// <summary>Whether the batch comes before time. Default false.</summary>
    public bool BatchFirst { get; init; }

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("d_model", ModelSize)
        .Add("max_len", MaxLength)
        .Add("dropout", Dropout)
        .Add("batch_first", BatchFirst);
}

/// <summary>
/// Adds a learned vector per position. [L, N, dim], [N, L, dim] with <see cref="BatchFirst"/>, or [L, dim]; shape unchanged.
/// State: <c>weight</c> [longest, dim], drawn from a normal distribution.
/// </summary>
/// <param name="MaxLength">Longest sequence.</param>
/// <param name="EmbeddingDim">Features of an element of the sequence.</param>
public sealed record LearnedPositionalEmbedding(int MaxLength, int EmbeddingDim) : Layer
{
    /// <summary>Longest sequence.</summary>
    public int MaxLength { get; init => field = Check.Positive(value); } = Check.Positive(MaxLength);

    /// <summary>Features of an element of the sequence.</summary>
    public int EmbeddingDim { get; init => field = Check.Positive(value); } = Check.Positive(EmbeddingDim);

    /// <summary>Standard deviation of the first values. Default 0.02.</summary>
    public double InitialStd { get; init => field = Check.NonNegative(value); } = 0.02;

    /// <summary>Whether the batch comes before time. Default false.</summary>
    public bool BatchFirst { get; init; }

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("max_len", MaxLength)
        .Add("embedding_dim", EmbeddingDim)
        .Add("init_std", InitialStd)
        .Add("batch_first", BatchFirst);
}

/// <summary>Which features a <see cref="RotaryEmbedding"/> turns together.</summary>
public enum RotaryPairing
{
    /// <summary>Feature i with i + dim / 2, as GPT-NeoX and LLaMA.</summary>
    Half,

    /// <summary>Neighbours, as the paper and GPT-J.</summary>
    Interleaved,
}

/// <summary>
/// Rotary position embedding (Su et al., "RoFormer", 2021): turns pair i of the first features of position p by the angle
/// (p + offset) / base^(2i / dim). Meant for queries and keys of an attention. Any shape with time and features; unchanged, no state.
/// </summary>
/// <param name="Dim">Features that are turned, an even number; further ones pass.</param>
public sealed record RotaryEmbedding(int Dim) : Layer
{
    /// <summary>Features that are turned, an even number; further ones pass.</summary>
    public int Dim { get; init => field = Check.Positive(value); } = Check.Positive(Dim);

    /// <summary>Base of the angles. Default 10000.</summary>
    public double Base { get; init => field = Check.Positive(value); } = 10_000;

    /// <summary>Which features are turned together. Default <see cref="RotaryPairing.Half"/>.</summary>
    public RotaryPairing Pairing { get; init; }

    /// <summary>Position of the first element. Default 0.</summary>
    public int Offset { get; init => field = Check.AtLeast(0, value); }

    /// <summary>Dimension of time; negative counts from the last. Default -2, just before the features.</summary>
    public int TimeDim { get; init; } = -2;

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("dim", Dim)
        .Add("base", Base)
        .Add("pairing", Pairing == RotaryPairing.Interleaved ? "interleaved" : "half")
        .Add("offset", Offset)
        .Add("seq_dim", TimeDim);
}
