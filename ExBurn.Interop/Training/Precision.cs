namespace ExBurn;

/// <summary>In which floating-point type the layers of a model compute.</summary>
public enum Precision
{
    /// <summary>In the model's own type throughout.</summary>
    Float32 = 0,

    /// <summary>
    /// Products in <see cref="DType.Float16"/>; normalisations, sums, exponentials, softmax and the loss in <see cref="DType.Float32"/>; all else in the type
    /// of its inputs. Training scales the loss.
    /// </summary>
    Float16Mixed = 1,

    /// <summary>As <see cref="Float16Mixed"/> with <see cref="DType.BFloat16"/>, whose range is that of <see cref="DType.Float32"/>: the loss needs no scaling.</summary>
    BFloat16Mixed = 2,
}

/// <summary>
/// How the scale of the loss begins and moves, with the defaults of torch.cuda.amp.GradScaler. The loss is multiplied by the scale before the backward
/// pass, the gradients are divided by it; where one of them is not finite then, the step is left out.
/// </summary>
public sealed record LossScaling
{
    /// <summary>PyTorch's numbers.</summary>
    public static LossScaling Default { get; } = new();

    /// <summary>No scaling, for <see cref="Precision.Float16Mixed"/> without it.</summary>
    public static LossScaling None { get; } = new() { IsEnabled = false };

    /// <summary>The first scale, above 0. Default 65536.</summary>
    public double InitialScale { get; init => field = Check.Positive(value); } = 65536;

    /// <summary>Factor of the scale after <see cref="GrowthInterval"/> steps in a row without overflow, above 1. Default 2.</summary>
    public double GrowthFactor { get; init => field = value > 1 && value <= float.MaxValue ? value : throw new ArgumentOutOfRangeException(nameof(GrowthFactor), value, "GrowthFactor must be above 1."); } = 2;

    /// <summary>Factor of the scale after an overflow, above 0 and below 1. Default 0.5.</summary>
    public double BackoffFactor { get; init => field = value is > 0 and < 1 ? value : throw new ArgumentOutOfRangeException(nameof(BackoffFactor), value, "BackoffFactor must be above 0 and below 1."); } = 0.5;

    /// <summary>Steps in a row without overflow after which the scale grows, at least 1. Default 2000.</summary>
    public int GrowthInterval { get; init => field = Check.Positive(value); } = 2000;

    /// <summary>Whether the loss is scaled at all. Default true.</summary>
    public bool IsEnabled { get; init; } = true;
}

/// <summary>Checks and names.</summary>
internal static class Precisions
{
    public static Precision Checked(Precision value) => value is >= Precision.Float32 and <= Precision.BFloat16Mixed
        ? value
        : throw new ArgumentOutOfRangeException(nameof(value), value, "Precision must be Float32, Float16Mixed or BFloat16Mixed.");

    /// <summary>The number at the boundary of a type of 16 bits; 0 for no such type.</summary>
    public static uint Half(DType dtype) => dtype switch { DType.Float16 => 1, DType.BFloat16 => 2, _ => 0 };
}
