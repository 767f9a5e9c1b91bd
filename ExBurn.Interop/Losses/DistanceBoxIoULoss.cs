namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="DistanceBoxIoULoss"/>
    public static DistanceBoxIoULoss DistanceBoxIoU() => new();
}

/// <summary>
/// How far predicted boxes are from the marked ones, torchvision's <c>distance_box_iou_loss</c> (Zheng et al., 2020):
/// 1 − IoU + d² / (c² + eps), with the distance d of the centres and the diagonal c of the smallest box around both.
/// Prediction and target are corners x1, y1, x2, y2 in the last dimension, [N, ..., 4]; a box is one element of the reduction. Default is
/// the mean, where torchvision's is none.
/// </summary>
/// <remarks>
/// Boxes have x1 ≤ x2 and y1 ≤ y2. This is not checked: others overlap with nothing and have negative areas, as in torchvision.
/// </remarks>
public sealed record DistanceBoxIoULoss : Loss
{
    /// <summary>Added to what is divided by. Default 1e-7.</summary>
    public double Eps { get; init => field = Check.Positive(value); } = 1e-7;

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config.Add("eps", Eps);
    }
}
