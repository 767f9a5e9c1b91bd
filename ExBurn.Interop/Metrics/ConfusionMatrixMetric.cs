namespace ExBurn;

/// <summary>What the counts of a confusion matrix are divided by.</summary>
public enum ConfusionNormalization
{
    /// <summary>Nothing: they are counts.</summary>
    None,

    /// <summary>The number of targets of the true class.</summary>
    Truth,

    /// <summary>The number of decisions for the predicted class.</summary>
    Prediction,

    /// <summary>The number of all targets.</summary>
    All,
}

public abstract partial record Metric
{
    /// <inheritdoc cref="ConfusionMatrixMetric"/>
    /// <param name="classes">Number of classes.</param>
    public static ConfusionMatrixMetric ConfusionMatrix(int classes) => new(classes);
}

/// <summary>
/// How often class i was taken for class j. Predictions [N, C, ...] with class indices or shares; predictions [N] or [N, 1], compared with
/// <see cref="Threshold"/>, have two classes. Results carry its values as <c>confusion_matrix[i,j]</c>; <see cref="Matrix"/> gives them together.
/// </summary>
public sealed record ConfusionMatrixMetric : Metric
{
    /// <param name="classes">Number of classes.</param>
    public ConfusionMatrixMetric(int classes)
        : base("confusion_matrix")
        => Classes = Check.Positive(classes, nameof(classes));

    /// <summary>Number of classes.</summary>
    public int Classes { get; }

    /// <summary>What the counts are divided by. Default: nothing.</summary>
    public ConfusionNormalization Normalization { get; init; }

    /// <summary>Above it a single output means yes; 0 for logits. Default 0.5.</summary>
    public double Threshold { get; init => field = Check.Finite(value); } = 0.5;

    /// <summary>A class index whose targets do not count. Default -100.</summary>
    public int IgnoreIndex { get; init; } = -100;

    /// <summary>The matrix: rows are true classes, columns predicted ones.</summary>
    /// <param name="values">What training or evaluation gave.</param>
    public double[,] Matrix(MetricValues values)
    {
        var matrix = new double[Classes, Classes];
        for (var i = 0; i < Classes; i++)
            for (var j = 0; j < Classes; j++)
                matrix[i, j] = values[$"{Name}[{i},{j}]"];
        return matrix;
    }

    internal override IEnumerable<string> ValueNames =>
        from i in Enumerable.Range(0, Classes)
        from j in Enumerable.Range(0, Classes)
        select $"{Name}[{i},{j}]";

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("num_classes", Classes)
        .Add("normalize", Normalization switch
        {
            ConfusionNormalization.Truth => "true",
            ConfusionNormalization.Prediction => "pred",
            ConfusionNormalization.All => "all",
            _ => "none",
        })
        .Add("threshold", Threshold)
        .Add("ignore_index", IgnoreIndex);
}
