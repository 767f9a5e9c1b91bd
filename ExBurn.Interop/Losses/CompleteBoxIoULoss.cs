namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="CompleteBoxIoULoss"/>
    public static CompleteBoxIoULoss CompleteBoxIoU() => new();
}

/// <summary>
/// How far predicted boxes are from the marked ones, torchvision's <c>complete_box_iou_loss</c> (Zheng et al., 2020):
/// 1 − IoU + d² / (c² + eps) + α v, with the distance d of the centres and the diagonal c of the smallest box around both,
/// v = 4 / π² (atan(w / h) − atan(w′ / h′))² for the shapes, and α = v / (1 − IoU + v + eps), through which no gradient goes.
/// Prediction and target are corners x1, y1, x2, y2 in the last dimension, [N, ..., 4]; a box is one element of the reduction. Default is
/// the mean, where torchvision's is none.
/// </summary>
/// <remarks>
/// Boxes have x1 ≤ x2 and y1 ≤ y2. This is not checked: others overlap with nothing and have negative areas, as in torchvision.
/// For a box without height the angle is 90°, for a point 0; the gradient is finite, where torchvision's is not a number.
/// </remarks>
public sealed record CompleteBoxIoULoss : Loss
{
    /// <summary>Added to what is divided by. Default 1e-7.</summary>
    public double Eps { get; init => field = Check.Positive(value); } = 1e-7;

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config.Add("eps", Eps);
    }
}
