using ExBurn.Tests.Layers;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Models;

public sealed class StateTests
{
    [Fact]
    public void State_goes_out_and_in()
    {
        using var one = Small(1);
        using var two = Small(2);
        Assert.NotEqual(one.ExportState(), two.ExportState());
        var report = two.SetState(one.GetState());
        Assert.True(report.IsComplete);
        Assert.Equal(9, report.Loaded.Count);
        Assert.Equal(one.ExportState(), two.ExportState());
        var entry = one.ListState().Single(entry => entry.Name == "1.running_mean");
        Assert.Equal((StateKind.Buffer, false, DType.Float32), (entry.Kind, entry.Trainable, entry.DType));
    }

    [Fact]
    public void Strict_names_everything_that_does_not_fit_and_changes_nothing()
    {
        using var model = Small(1);
        var before = model.ExportState();
        var state = new Dictionary<string, TensorData>(model.GetState())
        {
            ["extra"] = new(new[] { 1f }),
            ["3.bias"] = new(new[] { 1f, 2, 3 }),
        };
        state.Remove("0.weight");
        var error = Assert.Throws<CheckpointException>(() => model.SetState(state));
        Assert.Contains("extra", error.Message + error.DetailJson, StringComparison.Ordinal);
        Assert.Equal(before, model.ExportState());

        var report = model.SetState(state, strict: false);
        Assert.Equal(["0.weight"], report.Missing);
        Assert.Equal(["extra"], report.Unexpected);
        Assert.Equal(new StateMismatch("3.bias", [2], [3]), Assert.Single(report.Mismatched));
        Assert.False(report.IsComplete);
    }

    [Fact]
    public void A_saved_model_loads_into_another()
    {
        using var folder = new TemporaryFolder();
        using var one = Small(1);
        using var two = Small(2);
        one.Save(folder.File("model.safetensors"));
        Assert.Single(Directory.GetFiles(folder.Path));
        Assert.True(two.Load(folder.File("model.safetensors")).IsComplete);
        Assert.Equal(one.ExportState(), two.ExportState());
    }

    [Fact]
    public void Files_that_cannot_be_loaded_change_nothing()
    {
        using var folder = new TemporaryFolder();
        using var model = Small(1);
        var before = model.ExportState();
        Assert.Contains("none", Assert.Throws<CheckpointException>(() => model.Load(folder.File("none"))).Message, StringComparison.Ordinal);
        Assert.Throws<CheckpointException>(() => model.Load(folder.Write("foreign", "hello"u8.ToArray())));
        Assert.Throws<CheckpointException>(() => model.Load(folder.Write("empty", [])));
        Assert.Throws<CheckpointException>(() => model.Load(folder.Write("torn", before[..^5])));
        Assert.Throws<CheckpointException>(() => model.Save(Path.Combine(folder.Path, "no", "folder")));
        Assert.Equal(before, model.ExportState());
    }

    [Theory]
    [InlineData("mlp")]
    [InlineData("cnn")]
    public void PyTorchs_files_reproduce_its_outputs(string file)
    {
        var path = Path.Combine(Folders.Reference, "files", file + ".safetensors");
        var shapes = SafeTensors.Read(File.ReadAllBytes(path)).ToDictionary(entry => entry.Key, entry => entry.Value.Shape);
        using var model = file == "mlp"
            ? new Sequential(new Linear((int)shapes["0.weight"][1], (int)shapes["0.weight"][0]), new ReLU(), new Linear((int)shapes["2.weight"][1], (int)shapes["2.weight"][0]))
            : new Sequential(
                new Conv2d((int)shapes["0.weight"][1], (int)shapes["0.weight"][0], ((int)shapes["0.weight"][2], (int)shapes["0.weight"][3])) { Padding = 1 },
                new BatchNorm2d((int)shapes["1.weight"][0]), new ReLU(), new AdaptiveAvgPool2d(1), new Flatten(),
                new Linear((int)shapes["5.weight"][1], (int)shapes["5.weight"][0]));
        model.Build();
        Assert.True(model.Load(path).IsComplete);
        var one = ReferenceCases.Read("files.json").Single(one => one.GetProperty("file").GetString() == file);
        var found = model.Predict(LayerCases.Data(ReferenceCases.Array(one.GetProperty("input")), DType.Float32));
        Close.Check(ReferenceCases.Array(one.GetProperty("output")).Data, found.ToDoubles(), 1e-4, 1e-6, file);
    }

    private static Sequential Small(long seed)
    {
        var model = new Sequential(new Conv2d(1, 4, 3), new BatchNorm2d(4), new Flatten(), new Linear(16, 2));
        model.Build(inputShape: [1, 4, 4], seed: seed);
        return model;
    }
}
