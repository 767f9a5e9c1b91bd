namespace ExBurn.Tests.Metrics;

public sealed class MetricDescriptionTests
{
    [Fact]
    public void Accuracy_is_described()
    {
        Assert.Equal("""{"type":"Accuracy","config":{"threshold":0.5,"ignore_index":-100}}""", Metric.Accuracy().ToJson());
        Assert.Equal("accuracy", Metric.Accuracy().Name);
        Assert.True(Metric.Accuracy().HigherIsBetter);
        Assert.Equal("acc", (Metric.Accuracy() with { Name = "acc" }).Name);
    }

    public static TheoryData<Metric, string> Descriptions => new()
    {
        { Metric.TopKAccuracy(3), """{"type":"TopKAccuracy","config":{"k":3,"ignore_index":-100}}""" },
        { Metric.Perplexity(), """{"type":"Perplexity","config":{"ignore_index":-100}}""" },
        {
            Metric.Precision(Average.Micro),
            """{"type":"Precision","config":{"average":"micro","class_index":null,"num_classes":null,"multilabel":false,"threshold":0.5,"ignore_index":-100}}"""
        },
        {
            Metric.Recall(Average.None) with { Classes = 3, MultiLabel = true, Threshold = 0 },
            """{"type":"Recall","config":{"average":"none","class_index":null,"num_classes":3,"multilabel":true,"threshold":0,"ignore_index":-100}}"""
        },
        {
            Metric.FBeta(2) with { ClassIndex = 1 },
            """{"type":"FBeta","config":{"average":"macro","class_index":1,"num_classes":null,"multilabel":false,"threshold":0.5,"ignore_index":-100,"beta":2}}"""
        },
        {
            Metric.ConfusionMatrix(2) with { Normalization = ConfusionNormalization.Truth },
            """{"type":"ConfusionMatrix","config":{"num_classes":2,"normalize":"true","threshold":0.5,"ignore_index":-100}}"""
        },
        { Metric.RocAuc(), """{"type":"RocAuc","config":{"average":"macro","class_index":null}}""" },
        { Metric.AveragePrecision(Average.Weighted), """{"type":"AveragePrecision","config":{"average":"weighted","class_index":null}}""" },
        { Metric.MeanAbsoluteError(), """{"type":"MeanAbsoluteError","config":{}}""" },
        { Metric.MeanSquaredError(), """{"type":"MeanSquaredError","config":{}}""" },
        { Metric.RootMeanSquaredError(), """{"type":"RootMeanSquaredError","config":{}}""" },
        { Metric.R2(), """{"type":"R2","config":{}}""" },
    };

    [Theory]
    [MemberData(nameof(Descriptions), DisableDiscoveryEnumeration = true)]
    public void A_metric_is_described(Metric metric, string json) => Assert.Equal(json, metric.ToJson());

    [Fact]
    public void Wrong_options_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Metric.TopKAccuracy(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Metric.ConfusionMatrix(0));
        Assert.Throws<ArgumentException>(() => Metric.RocAuc(Average.None));
        Assert.Throws<InvalidOperationException>(() => Metric.Recall(Average.None).PerClass(default));
    }

    [Fact]
    public void Values_are_found_by_name_and_position()
    {
        string[] names = ["a", "b", "c", "d", "e", "f"];
        var values = new MetricValues(names, [1, 2, 3, 4, 5, 6]);
        Assert.Equal(6, values.Count);
        Assert.Equal([1, 2, 3, 4, 5, 6], values.Select(value => value.Value));
        Assert.Equal(names, values.Select(value => value.Key));
        Assert.Equal(5, values["e"]);
        Assert.Equal(2, values[1]);
        Assert.False(values.TryGet("z", out _));
        Assert.Contains("a, b, c", Assert.Throws<KeyNotFoundException>(() => values["z"]).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => values[6]);
        Assert.Equal(0, default(MetricValues).Count);
        Assert.Throws<KeyNotFoundException>(() => default(MetricValues)["a"]);
        Assert.Equal("a 1, b 0.25", new MetricValues(["a", "b"], [1, 0.25]).ToString());
    }
}
