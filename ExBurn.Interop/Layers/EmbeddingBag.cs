namespace ExBurn;

/// <summary>How an <see cref="EmbeddingBag"/> joins the rows of a bag.</summary>
public enum BagMode
{
    /// <summary>Their mean.</summary>
    Mean,

    /// <summary>Their sum.</summary>
    Sum,

    /// <summary>Their largest elements.</summary>
    Max,
}

/// <summary>
/// Joins the rows of bags of indices. Inputs: integers [bags, length], or with <see cref="Offsets"/> integers [n] and the positions [bags] where
/// bags begin; then the weights, if there are any. Output [bags, dim]; an empty bag gives zeros.
/// State: <c>weight</c> [count, dim], drawn from N(0, 1).
/// </summary>
/// <param name="NumEmbeddings">Number of rows of the table; indices are below it.</param>
/// <param name="EmbeddingDim">Length of a row.</param>
public sealed record EmbeddingBag(int NumEmbeddings, int EmbeddingDim) : Layer
{
    /// <summary>Number of rows of the table; indices are below it.</summary>
    public int NumEmbeddings { get; init => field = Check.Positive(value); } = Check.Positive(NumEmbeddings);

    /// <summary>Length of a row.</summary>
    public int EmbeddingDim { get; init => field = Check.Positive(value); } = Check.Positive(EmbeddingDim);

    /// <summary>How rows are joined. Default mean.</summary>
    public BagMode Mode { get; init; }

    /// <summary>Row that starts as zeros, gets no gradient and does not count; negative counts from the last. Default null: none.</summary>
    public int? PaddingIndex { get; init; }

    /// <summary>Whether a second input says where bags begin; the first is 0, and they rise. Default false.</summary>
    public bool Offsets { get; init; }

    /// <summary>Whether the end of the last bag is among the offsets. Default false.</summary>
    public bool IncludeLastOffset { get; init; }

    /// <summary>Whether a last input has a factor for each index, of the indices' shape; for sums only. Default false.</summary>
    public bool PerSampleWeights { get; init; }

    /// <summary>Longest norm of a row; longer ones are scaled to it when they are taken. Default null: any.</summary>
    public double? MaxNorm { get; init => field = Check.Positive(value); }

    /// <summary>The p of that norm. Default 2.</summary>
    public double NormType { get; init => field = Check.Positive(value); } = 2;

    /// <summary>Whether a row's gradient is divided by how often the batch takes it; not for maxima. Default false.</summary>
    public bool ScaleGradientByFrequency { get; init; }

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("num_embeddings", NumEmbeddings)
        .Add("embedding_dim", EmbeddingDim)
        .Add("mode", Mode switch { BagMode.Sum => "sum", BagMode.Max => "max", _ => "mean" })
        .Add("padding_idx", PaddingIndex)
        .Add("offsets", Offsets)
        .Add("include_last_offset", IncludeLastOffset)
        .Add("per_sample_weights", PerSampleWeights)
        .Add("max_norm", MaxNorm)
        .Add("norm_type", NormType)
        .Add("scale_grad_by_freq", ScaleGradientByFrequency);
}
