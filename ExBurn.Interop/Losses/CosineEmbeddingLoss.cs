namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="CosineEmbeddingLoss"/>
    /// <param name="margin">Cosine up to which dissimilar rows cost nothing, from −1 to 1. Default 0.</param>
    public static CosineEmbeddingLoss CosineEmbedding(double margin = 0) => new() { Margin = margin };
}

/// <summary>
/// Of rows [N, D]: 1 − cos where the label is 1, max(0, cos − margin) where it is −1. Two targets: the other rows [N, D] and the labels
/// [N].
/// </summary>
public sealed record CosineEmbeddingLoss : Loss
{
    /// <summary>Cosine up to which dissimilar rows cost nothing, from −1 to 1. Default 0.</summary>
    public double Margin
    {
        get;
        init => field = value is >= -1 and <= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Margin), value, "Margin must be from -1 to 1.");
    }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config.Add("margin", Margin);
    }
}
