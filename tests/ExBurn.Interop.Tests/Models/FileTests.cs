using System.Buffers.Binary;
using System.Text.Json;
using ExBurn.Tests.Layers;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Models;

/// <summary>Models in files: PyTorch's own, other names, parts, other precisions, several files, JSON.</summary>
public sealed class FileTests
{
    private static string Own(string name) => Path.Combine(AppContext.BaseDirectory, "fixtures", "files", name);

    /// <summary>The model of data-parallel.pt and module.pt.</summary>
    private static Sequential Net(long seed = 0, DType dtype = DType.Float32)
    {
        var model = new Sequential(new Linear(3, 4), new BatchNorm1d(4), new ReLU(), new Linear(4, 2));
        model.Build(dtype: dtype, seed: seed);
        return model;
    }

    [Theory]
    [InlineData(".pt", 1e-6)]
    [InlineData("-checkpoint.pt", 1e-6)]
    [InlineData("-f16.safetensors", 5e-3)]
    public void PyTorchs_files_reproduce_its_outputs(string ending, double tolerance)
    {
        var path = Path.Combine(Folders.Reference, "files", "mlp" + ending);
        using var file = WeightsFile.Open(path);
        Linear Layer(string name) => new((int)file.Find(name)!.Shape[1], (int)file.Find(name)!.Shape[0]);
        using var model = new Sequential(Layer("0.weight"), new ReLU(), Layer("2.weight"));
        model.Build();
        Assert.True(model.Load(path).IsComplete);
        var one = ReferenceCases.Read("files.json").Single(one => one.GetProperty("file").GetString() == "mlp");
        var found = model.Predict(LayerCases.Data(ReferenceCases.Array(one.GetProperty("input")), DType.Float32));
        Close.Check(ReferenceCases.Array(one.GetProperty("output")).Data, found.ToDoubles(), tolerance, tolerance, ending);
    }

    [Fact]
    public void Names_are_mapped_and_parts_are_loaded()
    {
        using var one = Net(1);
        using var two = Net(2);
        Assert.Equal(9, one.Load(Own("data-parallel.pt")).Loaded.Count);
        two.Load(Own("data-parallel.pt"), new LoadOptions { Key = "state_dict", Rename = [("module.*", "$1")] });
        Assert.Equal(one.ExportState(), two.ExportState());

        using var part = Net(3);
        var head = part.GetState()["3.weight"].ToSingles();
        var options = new LoadOptions { Rename = [("fc.*", "0.$1"), ("norm.*", "1.$1")], Only = ["0.*", "1"] };
        Assert.Equal(7, part.Load(Own("module.pt"), options).Loaded.Count);
        Assert.Equal(head, part.GetState()["3.weight"].ToSingles());

        var error = Assert.Throws<CheckpointException>(() => part.Load(Own("module.pt")));
        foreach (var name in new[] { "0.weight", "fc.weight", "head.0.bias" })
            Assert.Contains(name, error.Message + error.DetailJson, StringComparison.Ordinal);
        var report = part.Load(Own("module.pt"), new LoadOptions { Strict = false });
        // All but the counter, which a file without versions may lack.
        Assert.Equal((0, 8, 9), (report.Loaded.Count, report.Missing.Count, report.Unexpected.Count));
    }

    [Fact]
    public void Wrong_options_are_argument_errors()
    {
        using var model = Net();
        Assert.Throws<ArgumentException>(() => new LoadOptions { Rename = [("", "x")] });
        Assert.Throws<ArgumentException>(() => new LoadOptions { Only = [""] });
        Assert.Throws<ArgumentOutOfRangeException>(() => new SaveOptions { DType = StoredType.Int8 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new SaveOptions { MaxShardBytes = 0 });
        Assert.Throws<ArgumentException>(() => model.Load(Own("module.pt"), new LoadOptions { Rename = [("fc", "$1")] }));
        Assert.Throws<ArgumentException>(() => model.Load(Own("two-models.pt")));
        Assert.Equal(ErrorCode.NotFound, Assert.Throws<CheckpointException>(() => model.Load(Own("module.pt"), new LoadOptions { Only = ["encoder"] })).ErrorCode);
        Assert.Throws<ArgumentNullException>(() => model.Load(Own("module.pt"), null!));
        Assert.Throws<ArgumentNullException>(() => model.Save("x", null!));
        Assert.Equal(new LoadOptions { Only = ["a"], Rename = [("a", "b")] }, new LoadOptions { Only = ["a"], Rename = [("a", "b")] });
    }

    [Theory]
    [InlineData(StoredType.Float16, "F16", 1.0 / 2048)]
    [InlineData(StoredType.BFloat16, "BF16", 1.0 / 256)]
    [InlineData(StoredType.Float64, "F64", 0)]
    public void Floats_are_saved_in_other_precisions(StoredType type, string name, double relative)
    {
        using var folder = new TemporaryFolder();
        using var model = Net(1);
        var path = folder.File("model.safetensors");
        model.Save(path, new SaveOptions { DType = type, Metadata = new Dictionary<string, string> { ["run"] = "seven \"7\"" } });

        // The header by hand: its length, then JSON.
        var bytes = File.ReadAllBytes(path);
        var length = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        Assert.Equal(0, length % 8);
        using var header = JsonDocument.Parse(bytes.AsMemory(8, (int)length));
        Assert.Equal("seven \"7\"", header.RootElement.GetProperty("__metadata__").GetProperty("run").GetString());
        Assert.Equal("pt", header.RootElement.GetProperty("__metadata__").GetProperty("format").GetString());
        Assert.Equal(name, header.RootElement.GetProperty("3.weight").GetProperty("dtype").GetString());
        Assert.Equal("I64", header.RootElement.GetProperty("1.num_batches_tracked").GetProperty("dtype").GetString());
        Assert.Equal([2L, 4], header.RootElement.GetProperty("3.weight").GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()));

        using var file = WeightsFile.Open(path);
        Assert.Equal("seven \"7\"", file.Metadata["run"]);
        using var back = Net(2);
        back.Load(path);
        foreach (var entry in model.GetState())
            Close.Check(entry.Value.ToDoubles(), back.GetState()[entry.Key].ToDoubles(), relative, 0, entry.Key);
    }

    [Fact]
    public void A_value_that_half_precision_cannot_hold_is_an_error()
    {
        using var folder = new TemporaryFolder();
        using var model = Net();
        model.SetState(new Dictionary<string, TensorData> { ["3.bias"] = new(new[] { 1f, 70000 }) }, strict: false);
        var error = Assert.Throws<NumericalException>(() => model.Save(folder.File("half"), new SaveOptions { DType = StoredType.Float16 }));
        Assert.Contains("3.bias", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void A_large_state_is_spread_over_files()
    {
        using var folder = new TemporaryFolder();
        using var model = Net(1);
        var path = folder.File("model.safetensors");
        model.Save(path, new SaveOptions { MaxShardBytes = 64, Metadata = new Dictionary<string, string> { ["a"] = "b" } });
        Assert.False(File.Exists(path));
        using var index = JsonDocument.Parse(File.ReadAllBytes(path + ".index.json"));
        Assert.Equal(9, index.RootElement.GetProperty("weight_map").EnumerateObject().Count());
        foreach (var open in new[] { path, path + ".index.json", folder.Path })
        {
            using var file = WeightsFile.Open(open);
            Assert.Equal(9, file.Tensors.Count);
            Assert.True(file.FileCount >= 3);
            Assert.Equal("b", file.Metadata["a"]);
            using var back = Net(2);
            Assert.True(back.Load(open).IsComplete);
            Assert.Equal(model.ExportState(), back.ExportState());
        }
    }

    [Fact]
    public void Json_goes_out_and_in_exactly()
    {
        using var folder = new TemporaryFolder();
        foreach (var dtype in new[] { DType.Float32, DType.Float64 })
        {
            using var one = Net(1, dtype);
            using var two = Net(2, dtype);
            one.ExportJson(folder.File("state.json"));
            Assert.True(two.ImportJson(folder.File("state.json")).IsComplete);
            Assert.Equal(one.ExportState(), two.ExportState());
        }
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Json_has_ExBurns_form()
    {
        using var model = Net();
        model.SetState(new Dictionary<string, TensorData>
        {
            ["3.weight"] = new(new TensorView([0.5f, -1, 0.1f, 3, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1e-45f], [2, 4])),
        }, strict: false);
        using var stream = new MemoryStream();
        model.ExportJson(stream);
        using var document = JsonDocument.Parse(stream.ToArray());
        var entry = document.RootElement.GetProperty("3.weight");
        Assert.Equal("""[2,4]""", entry.GetProperty("shape").GetRawText());
        Assert.Equal("f32", entry.GetProperty("type").GetString());
        Assert.Equal("""[[0.5,-1,0.1,3],["NaN","Infinity","-Infinity",1E-45]]""", entry.GetProperty("data").GetRawText());
        Assert.Equal("""{"shape":[],"type":"s64","data":0}""", document.RootElement.GetProperty("1.num_batches_tracked").GetRawText());
        Assert.Equal(model.ListState().Select(one => one.Name), document.RootElement.EnumerateObject().Select(one => one.Name));
        stream.Position = 0;
        using var back = Net(3);
        back.ImportJson(stream);
        Assert.Equal(model.ExportState(), back.ExportState());
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("""{"3.bias":{"shape":[2],"type":"f32","data":[1]}}""")]
    [InlineData("""{"3.bias":{"shape":[2],"type":"f32","data":[1,[2]]}}""")]
    [InlineData("""{"3.bias":{"shape":[2],"type":"f32","data":[1,"two"]}}""")]
    [InlineData("""{"3.bias":{"shape":[-1],"type":"f32","data":[1]}}""")]
    [InlineData("""{"3.bias":{"shape":[2],"type":"c64","data":[1,2]}}""")]
    [InlineData("""{"3.bias":{"shape":[2],"data":[1,2]}}""")]
    [InlineData("""{"3.bias":{"shape":[9223372036854775807],"type":"f32","data":[1,2]}}""")]
    [InlineData("""{"3.bias":{"shape":[2],"type":"f32","data":[1,2]},"3.bias":{"shape":[2],"type":"f32","data":[1,2]}}""")]
    public void Damaged_json_is_an_error_and_changes_nothing(string text)
    {
        using var model = Net();
        var before = model.ExportState();
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text));
        Assert.Throws<CheckpointException>(() => model.ImportJson(stream, strict: false));
        Assert.Equal(before, model.ExportState());
        Assert.Equal(ErrorCode.NotFound, Assert.Throws<CheckpointException>(() => model.ImportJson("/nowhere/at/all.json")).ErrorCode);
        Assert.Throws<CheckpointException>(() => model.ExportJson("/nowhere/at/all.json"));
    }
}
