namespace ExBurn;

/// <summary>
/// A table of vectors looked up by index: integers of any shape [...] to [..., dim]. State: <c>weight</c> [count, dim], drawn from N(0, 1).
/// </summary>
/// <param name="NumEmbeddings">Number of rows of the table; indices are below it.</param>
/// <param name="EmbeddingDim">Length of a vector.</param>
public sealed record Embedding(int NumEmbeddings, int EmbeddingDim) : Layer
{
    /// <summary>Number of rows of the table; indices are below it.</summary>
    public int NumEmbeddings { get; init => field = Check.Positive(value); } = Check.Positive(NumEmbeddings);

    /// <summary>Length of a vector.</summary>
    public int EmbeddingDim { get; init => field = Check.Positive(value); } = Check.Positive(EmbeddingDim);

    /// <summary>Row that starts as zeros and gets no gradient; negative counts from the last. Default null: none.</summary>
    public int? PaddingIndex { get; init; }

    /// <summary>Longest norm of a vector; longer ones are scaled to it when they are taken, the table keeps its numbers. Default null: any.</summary>
    public double? MaxNorm { get; init => field = Check.Positive(value); }

    /// <summary>The p of that norm. Default 2.</summary>
    public double NormType { get; init => field = Check.Positive(value); } = 2;

    /// <summary>Whether a vector's gradient is divided by how often the batch takes it. Default false.</summary>
    public bool ScaleGradientByFrequency { get; init; }

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("num_embeddings", NumEmbeddings)
        .Add("embedding_dim", EmbeddingDim)
        .Add("padding_idx", PaddingIndex)
        .Add("max_norm", MaxNorm)
        .Add("norm_type", NormType)
        .Add("scale_grad_by_freq", ScaleGradientByFrequency);
}
