using System.Text.Json;

namespace ExBurn;

/// <summary>
/// Training on blends of two rows of a batch and of their classes, which become probabilities: <see cref="FitOptions.Mixing"/>. Mixup (Zhang et al.,
/// 2018) blends whole inputs, CutMix (Yun et al., 2019) puts a box of one image into the other. As in torchvision each row is mixed with the one
/// before it in the shuffled batch, all by one share from Beta(alpha, alpha); with both, each batch draws one of them. Takes one input and one target
/// of integer classes [rows], and a loss that takes probabilities (<see cref="Loss.CrossEntropy"/>). Immutable.
/// </summary>
public sealed record Mixing
{
    /// <summary>Alpha of mixup, above 0; null for none. Usual are 0.1 to 0.4.</summary>
    public double? Mixup { get; init => field = Check.Positive(value); }

    /// <summary>Alpha of CutMix, above 0; null for none. Usual is 1.</summary>
    public double? CutMix { get; init => field = Check.Positive(value); }

    /// <summary>Number of classes; default the largest class of the training data plus 1.</summary>
    public int? Classes { get; init => field = value is { } classes ? Check.Positive(classes) : null; }

    internal void WriteTo(Utf8JsonWriter json, Dataset data)
    {
        if (Mixup is null && CutMix is null)
            throw new ArgumentException("Mixing needs an alpha of Mixup or CutMix.");
        json.WriteStartObject("mix");
        _ = new ConfigWriter(json).Add("mixup", Mixup).Add("cutmix", CutMix).Add("classes", Classes ?? Math.Max(1, data.ClassCounts().Count));
        json.WriteEndObject();
    }
}
