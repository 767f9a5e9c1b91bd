using ExBurn.Native;

namespace ExBurn.Tests.Native;

/// <summary>Small native objects for the tests of the boundary.</summary>
internal static class BoundaryCase
{
    public const string Cpu = """{"kind":"cpu","adapter":"default","index":0}""";

    /// <summary>One Linear layer, 3 inputs, 2 classes.</summary>
    public const string Model = """
        {"version":1,"dtype":"f32","inputs":[{"name":"input","shape":[-1,3],"kind":"float"}],
         "nodes":[{"name":"0","type":"Linear","config":{"in_features":3,"out_features":2},"inputs":["input"],"trainable":true}],"outputs":["0"]}
        """;

    public const string Compile = """
        {"version":1,"loss":{"type":"CrossEntropy","config":{}},"optimizer":{"type":"SGD","config":{"lr":0.1}},
         "metrics":[{"type":"Accuracy","config":{}}]}
        """;

    public static readonly float[] Values = [1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1];
    public static readonly long[] ValueShape = [4, 3];
    public static readonly long[] Classes = [0, 1, 0, 1];
    public static readonly long[] ClassShape = [4];

    public static ArrayInputs Inputs => new(ArrayInput.Create(Values, ValueShape));

    public static ArrayInputs Targets => new(ArrayInput.Create(Classes, ClassShape));

    public static TrainOptionsNative Options => new() { BatchSize = 1, ReportEvery = 1, Seed = 1 };

    public static DeviceHandle OpenCpu() => BurnBridge.OpenDevice(Cpu);

    public static ModelHandle NewModel(DeviceHandle device)
    {
        var model = BurnBridge.NewModel(Model, 1, device);
        BurnBridge.Compile(model, Compile);
        return model;
    }

    public static DatasetHandle NewDataset()
    {
        var dataset = BurnBridge.NewDataset();
        BurnBridge.AddToDataset(dataset, DatasetRole.Input, ArrayInput.Create(Values, ValueShape));
        BurnBridge.AddToDataset(dataset, DatasetRole.Target, ArrayInput.Create(Classes, ClassShape));
        return dataset;
    }
}
