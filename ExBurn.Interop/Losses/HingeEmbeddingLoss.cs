namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="HingeEmbeddingLoss"/>
    /// <param name="margin">Distance from which dissimilar pairs cost nothing. Default 1.</param>
    public static HingeEmbeddingLoss HingeEmbedding(double margin = 1) => new() { Margin = margin };
}

/// <summary>Of distances: x where the label is 1, max(0, margin − x) where it is −1. Labels have the prediction's shape.</summary>
public sealed record HingeEmbeddingLoss : Loss
{
    /// <summary>Distance from which dissimilar pairs cost nothing. Default 1.</summary>
    public double Margin { get; init => field = Check.Finite(value); } = 1;

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config.Add("margin", Margin);
    }
}
