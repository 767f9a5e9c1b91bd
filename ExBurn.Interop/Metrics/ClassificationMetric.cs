namespace ExBurn;

/// <summary>How the scores of several classes become one.</summary>
public enum Average
{
    /// <summary>Their mean, over the classes that occur (over all labels, where a row has several).</summary>
    Macro,

    /// <summary>One score of the decisions of all classes together.</summary>
    Micro,

    /// <summary>Their mean weighted by how often each class is the truth.</summary>
    Weighted,

    /// <summary>Not at all: one value per class; <see cref="ClassificationMetric.Classes"/> says how many.</summary>
    None,
}

/// <summary>
/// A score of decisions; definitions are scikit-learn's, and a quotient of nothing by nothing is 0. Predictions [N, C, ...] with class
/// indices [N, ...] or shares: the largest is the decision. Predictions [N] or [N, 1], or <see cref="MultiLabel"/>: each is compared with
/// <see cref="Threshold"/>; a single one is scored for its yes.
/// </summary>
public abstract record ClassificationMetric : Metric
{
    private protected ClassificationMetric(string name)
        : base(name)
    {
    }

    /// <summary>How the scores of the classes become one. Default: their mean.</summary>
    public Average Average { get; init; }

    /// <summary>The only class to score; null scores all. Default null.</summary>
    public int? ClassIndex { get; init => field = value is { } index ? Check.AtLeast(0, index) : null; }

    /// <summary>Number of classes; needed for <see cref="Average.None"/>, else null will do. Default null.</summary>
    public int? Classes { get; init => field = value is { } count ? Check.Positive(count) : null; }

    /// <summary>Whether a row may have several classes at once: targets [N, C] of yes and no. Default no.</summary>
    public bool MultiLabel { get; init; }

    /// <summary>Above it an output means yes; 0 for logits. Default 0.5.</summary>
    public double Threshold { get; init => field = Check.Finite(value); } = 0.5;

    /// <summary>A class index whose targets do not count. Default -100.</summary>
    public int IgnoreIndex { get; init; } = -100;

    /// <summary>The values of the classes, for <see cref="Average.None"/>; otherwise the one value.</summary>
    /// <param name="values">What training or evaluation gave.</param>
    public double[] PerClass(MetricValues values) => [.. ValueNames.Select(name => values[name])];

    internal override IEnumerable<string> ValueNames => Average != Average.None
        ? base.ValueNames
        : Enumerable
            .Range(0, Classes ?? throw new InvalidOperationException($"{Name}: Average.None needs the number of Classes."))
            .Select(index => $"{Name}[{index}]");

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("average", Average switch
        {
            Average.Micro => "micro",
            Average.Weighted => "weighted",
            Average.None => "none",
            _ => "macro",
        })
        .Add("class_index", ClassIndex)
        .Add("num_classes", Classes)
        .Add("multilabel", MultiLabel)
        .Add("threshold", Threshold)
        .Add("ignore_index", IgnoreIndex);
}
