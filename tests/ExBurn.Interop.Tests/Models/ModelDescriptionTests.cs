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
            {"layers":[{"name":"0","type":"Linear","output_shape":[-1,256],"parameters":200960,"trainable_parameters":0,"buffers":0,"frozen":true,"multiply_adds":200704},
            {"name":"1","type":"ReLU","output_shape":null,"parameters":0,"trainable_parameters":0,"buffers":0,"frozen":false,"multiply_adds":0},
            {"name":"2","type":"Linear","output_shape":[-1,-1,2],"parameters":12,"trainable_parameters":8,"buffers":0,"frozen":false,"multiply_adds":null}],
            "parameters":200972,"trainable":8,"bytes":803888,"multiply_adds":null,"activation_bytes":2048,"dtype":"f32","device":"cpu"}
            """);
        string[] lines = summary.ToString().Split(Environment.NewLine);
        Assert.Equal("Sequential", lines[0]);
        Assert.Equal("Layer (type)  Output shape  Parameters  Trainable  Multiply-adds", lines[2]);
        Assert.Equal("0 (Linear)    [?, 256]         200,960  no               200,704", lines[4]);
        Assert.Equal("1 (ReLU)      ?                      0                         0", lines[5]);
        Assert.Equal("2 (Linear)    [?, ?, 2]             12  partly                 ?", lines[6]);
        Assert.Equal("Parameters: 200,972, trainable 8 (785.0 KiB, Float32 on cpu)", lines[8]);
        Assert.Equal("Per sample: ? multiply-adds, 2.0 KiB of activations", lines[9]);
    }

    [Fact]
    public void A_summary_is_data()
    {
        const string json = """{"model":"Sequential","layers":[{"name":"fc","type":"Linear","output_shape":[-1,2],"parameters":6,"trainable_parameters":6,"buffers":0,"frozen":false,"multiply_adds":4},{"name":"act","type":"ReLU","output_shape":null,"parameters":0,"trainable_parameters":0,"buffers":0,"frozen":false,"multiply_adds":null}],"parameters":6,"trainable":6,"bytes":24,"multiply_adds":null,"activation_bytes":16,"dtype":"f32","device":"cpu"}""";
        Assert.Equal(json, ModelSummary.FromJson("Sequential", json).ToJson());
    }

    [Fact]
    public void Initializers_are_sent_by_parameter_in_their_order()
    {
        var layer = new Linear(2, 3) { Initializers = [("*", Initializer.Zeros), ("weight", Initializer.XavierUniform(2))] };
        Assert.Contains(
            """
            "config":{"in_features":2,"out_features":3,"bias":true},"init":{"*":{"type":"Zeros","config":{}},"weight":{"type":"XavierUniform","config":{"gain":2}}},"inputs":["input"]
            """,
            new ModelDescription([new("input", null)], [new("0", layer, ["input"])], ["0"]).ToJson(DType.Float32),
            StringComparison.Ordinal);
    }
}
