namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="MultiLabelMarginLoss"/>
    public static MultiLabelMarginLoss MultiLabelMargin() => new();
}

/// <summary>
/// Of scores [N, C] with several labels per row: the sum over labels j and other classes i of max(0, 1 − (x[j] − x[i])), divided by C.
/// Targets [N, C] list class indices; the first −1 ends a row's list.
/// </summary>
public sealed record MultiLabelMarginLoss : Loss;
