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
