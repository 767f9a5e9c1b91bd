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

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("num_embeddings", NumEmbeddings)
        .Add("embedding_dim", EmbeddingDim)
        .Add("padding_idx", PaddingIndex);
}
