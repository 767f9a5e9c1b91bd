namespace ExBurn.Tests.Models;

public sealed class ModelDescriptionTests
{
    [Fact]
    public void A_model_is_sent_as_a_graph()
    {
        var description = new ModelDescription(
            [new("input", [-1, 784])],
            [new("0", new Linear(784, 10), ["input"]), new("act", new ReLU { Trainable = false }, ["0"])],
            ["act"]);
        Assert.Equal(
            """{"version":1,"dtype":"f64","inputs":[{"name":"input","shape":[-1,784]}],"nodes":[{"name":"0","type":"Linear","config":{"in_features":784,"out_features":10,"bias":true},"inputs":["input"],"trainable":true},{"name":"act","type":"ReLU","config":{},"inputs":["0"],"trainable":false}],"outputs":["act"]}""",
            description.ToJson(DType.Float64));
    }

    [Fact]
    public void Training_is_sent_with_loss_optimizer_and_metrics()
        => Assert.Equal(
            """{"version":1,"loss":[{"type":"MSE","config":{"reduction":"mean"}}],"optimizer":{"type":"SGD","config":{"lr":0.1,"momentum":0,"dampening":0,"weight_decay":0,"nesterov":false,"maximize":false}},"metrics":[{"type":"Accuracy","config":{"threshold":0.5,"ignore_index":-100}}]}""",
            new CompileDescription([Loss.MeanSquaredError()], new SGD(0.1), [Metric.Accuracy()], ["output"]).ToJson());

    [Fact]
    public void A_summary_reads_as_a_table()
    {
        var summary = ModelSummary.FromJson("Sequential", """
            {"layers":[{"name":"0","type":"Linear","output_shape":[-1,256],"parameters":200960,"trainable_parameters":0,"buffers":0,"frozen":true},
            {"name":"1","type":"ReLU","output_shape":null,"parameters":0,"trainable_parameters":0,"buffers":0,"frozen":false}],
            "parameters":200960,"trainable":0,"bytes":803840,"dtype":"f32","device":"cpu"}
            """);
        string[] lines = summary.ToString().Split(Environment.NewLine);
        Assert.Equal("Sequential", lines[0]);
        Assert.Equal("0 (Linear) *  [?, 256]         200,960", lines[4]);
        Assert.Equal("1 (ReLU)      ?                      0", lines[5]);
        Assert.Equal("Parameters: 200,960, trainable 0 (785.0 KiB, Float32 on cpu)", lines[7]);
        Assert.Equal("* frozen", lines[8]);
    }
}
