namespace ExBurn;

/// <summary>
/// An area under a curve over all scores of an epoch, exact: the scores are kept until its end. Predictions [N] or [N, 1] with targets 0 and
/// 1, or [N, C, ...] with class indices or a yes or no per class: each class against the rest, averaged over the classes that have an area.
/// </summary>
public abstract record CurveMetric : Metric
{
    private protected CurveMetric(string name)
        : base(name)
    {
    }

    /// <summary>How the areas of the classes become one; <see cref="Average.None"/> is refused. Default: their mean.</summary>
    public Average Average
    {
        get;
        init => field = value != Average.None
            ? value
            : throw new ArgumentException("An area per class: set ClassIndex, one metric for each.", nameof(Average));
    }

    /// <summary>The only class to measure; null takes all. Default null.</summary>
    public int? ClassIndex { get; init => field = value is { } index ? Check.AtLeast(0, index) : null; }

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("average", Average switch
        {
            Average.Micro => "micro",
            Average.Weighted => "weighted",
            _ => "macro",
        })
        .Add("class_index", ClassIndex);
}
