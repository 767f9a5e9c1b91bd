namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="GeneralizedBoxIoULoss"/>
    public static GeneralizedBoxIoULoss GeneralizedBoxIoU() => new();
}

/// <summary>
/// How far predicted boxes are from the marked ones, torchvision's <c>generalized_box_iou_loss</c> (Rezatofighi et al., 2019):
/// 1 − IoU + (C − U) / (C + eps), with the areas U of the union and C of the smallest box around both.
/// Prediction and target are corners x1, y1, x2, y2 in the last dimension, [N, ..., 4]; a box is one element of the reduction. Default is
/// the mean, where torchvision's is none.
/// </summary>
/// <remarks>
/// Boxes have x1 ≤ x2 and y1 ≤ y2. This is not checked: others overlap with nothing and have negative areas, as in torchvision.
/// </remarks>
public sealed record GeneralizedBoxIoULoss : Loss
{
    /// <summary>Added to what is divided by. Default 1e-7.</summary>
    public double Eps { get; init => field = Check.Positive(value); } = 1e-7;

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config.Add("eps", Eps);
    }
}
