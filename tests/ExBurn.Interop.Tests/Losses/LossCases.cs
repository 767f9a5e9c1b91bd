using System.Text.Json;

namespace ExBurn.Tests.Losses;

/// <summary>From a reference case's own text to a loss; null where the library does not have what the case needs.</summary>
internal static class LossCases
{
    /// <summary>Notes on the layout of the data, for the reader of the cases.</summary>
    private static readonly string[] Notes = ["target", "layout"];

    public static Loss? Make(JsonElement one)
    {
        var read = new HashSet<string>(Notes);
        var config = one.GetProperty("config");
        JsonElement? Get(string key)
        {
            read.Add(key);
            return config.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
        }
        double Number(string key, double otherwise) => Get(key)?.GetDouble() ?? otherwise;
        int Int(string key, int otherwise) => Get(key)?.GetInt32() ?? otherwise;
        bool Flag(string key, bool otherwise) => Get(key)?.GetBoolean() ?? otherwise;
        ValueArray<double>? Numbers(string key)
        {
            if (Get(key) is not { } list)
                return null;
            return (list.ValueKind == JsonValueKind.Object ? list.GetProperty("data") : list).EnumerateArray().Select(number => number.GetDouble()).ToArray();
        }

        Loss? loss = one.GetProperty("loss").GetString() switch
        {
            "CrossEntropy" => Loss.CrossEntropy(Number("label_smoothing", 0), Numbers("weight")) with { IgnoreIndex = Int("ignore_index", -100) },
            "NLL" => Loss.NegativeLogLikelihood(Numbers("weight")) with { IgnoreIndex = Int("ignore_index", -100) },
            "BCE" => Loss.BinaryCrossEntropy() with { Weight = Numbers("weight") },
            "BCEWithLogits" => Loss.BinaryCrossEntropyWithLogits(Numbers("pos_weight")) with { Weight = Numbers("weight") },
            "MSE" => Loss.MeanSquaredError(),
            "L1" => Loss.MeanAbsoluteError(),
            "SmoothL1" => Loss.SmoothL1(Number("beta", 1)),
            "Huber" => Loss.Huber(Number("delta", 1)),
            "KLDiv" => Loss.KullbackLeibler(Flag("log_target", false)),
            "PoissonNLL" => Loss.Poisson(Flag("log_input", true)) with { Full = Flag("full", false), Eps = Number("eps", 1e-8) },
            "GaussianNLL" => Loss.Gaussian(Flag("full", false)) with { Eps = Number("eps", 1e-6) },
            "MarginRanking" => Loss.MarginRanking(Number("margin", 0)),
            "HingeEmbedding" => Loss.HingeEmbedding(Number("margin", 1)),
            "SoftMargin" => Loss.SoftMargin(),
            "CosineEmbedding" => Loss.CosineEmbedding(Number("margin", 0)),
            "TripletMargin" => Loss.TripletMargin(Number("margin", 1)) with { P = Number("p", 2), Eps = Number("eps", 1e-6), Swap = Flag("swap", false) },
            "MultiMargin" => Loss.MultiMargin(Number("margin", 1)) with { P = Int("p", 1), Weight = Numbers("weight") },
            "MultiLabelMargin" => Loss.MultiLabelMargin(),
            "MultiLabelSoftMargin" => Loss.MultiLabelSoftMargin() with { Weight = Numbers("weight") },
            "CTC" => Loss.Ctc(Int("blank", 0)) with { ZeroInfinity = Flag("zero_infinity", false) },
            "GeneralizedBoxIoU" => Loss.GeneralizedBoxIoU() with { Eps = Number("eps", 1e-7) },
            "DistanceBoxIoU" => Loss.DistanceBoxIoU() with { Eps = Number("eps", 1e-7) },
            "CompleteBoxIoU" => Loss.CompleteBoxIoU() with { Eps = Number("eps", 1e-7) },
            _ => null,
        };
        if (loss is null || config.EnumerateObject().Any(option => !read.Contains(option.Name)))
            return null;
        return loss with
        {
            // The gradients of the cases are those of the sum of the values: without a reduction that is the reduction by sum.
            Reduction = one.GetProperty("reduction").GetString() switch { "mean" => Reduction.Mean, "batchmean" => Reduction.BatchMean, _ => Reduction.Sum },
        };
    }
}
