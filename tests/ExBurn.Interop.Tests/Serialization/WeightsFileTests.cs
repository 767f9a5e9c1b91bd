using ExBurn.Tests.Support;

namespace ExBurn.Tests.Serialization;

/// <summary>Files of weights without a model. Expected values are PyTorch's: fixtures/files/expected.json, written by make.py there.</summary>
public sealed class WeightsFileTests
{
    private static string Own(string name) => Path.Combine(AppContext.BaseDirectory, "fixtures", "files", name);

    private static string Reference(string name) => Path.Combine(Folders.Reference, "files", name);

    [Theory]
    [InlineData("types.pt", WeightsFormat.PyTorch)]
    [InlineData("types-legacy.pt", WeightsFormat.PyTorchLegacy)]
    [InlineData("types-protocol-4.pt", WeightsFormat.PyTorch)]
    [InlineData("views.pt", WeightsFormat.PyTorch)]
    [InlineData("views-legacy.pt", WeightsFormat.PyTorchLegacy)]
    [InlineData("parameters.pt", WeightsFormat.PyTorch)]
    [InlineData("module.pt", WeightsFormat.PyTorch)]
    [InlineData("script.pt", WeightsFormat.PyTorch)]
    public void PyTorchs_files_have_PyTorchs_values(string name, WeightsFormat format)
    {
        using var document = System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(Own("expected.json")));
        var expected = document.RootElement.GetProperty("files").GetProperty(name);
        using var file = WeightsFile.Open(Own(name));
        Assert.Equal((format, 1), (file.Format, file.FileCount));
        Assert.Equal(expected.EnumerateObject().Select(entry => entry.Name).Order(), file.Tensors.Select(tensor => tensor.Name).Order());
        foreach (var entry in expected.EnumerateObject())
        {
            var type = entry.Value.GetProperty("dtype").GetString();
            Assert.Equal(type, file.Find(entry.Name)!.Type.ToString(), ignoreCase: true);
            var tensor = file.Read(entry.Name);
            Assert.Equal(entry.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()), tensor.Shape);
            Assert.Equal(entry.Value.GetProperty("data").EnumerateArray().Select(item => item.GetDouble()), tensor.ToDoubles());
        }
    }

    [Fact]
    public void A_key_chooses_a_part_and_the_empty_one_everything()
    {
        using var critic = WeightsFile.Open(Own("two-models.pt"), "critic");
        Assert.Equal(["weight", "bias"], critic.Tensors.Select(tensor => tensor.Name));
        using var all = WeightsFile.Open(Own("two-models.pt"), "");
        Assert.Equal(4, all.Tensors.Count);
        Assert.Contains("generator, critic", Assert.Throws<ArgumentException>(() => WeightsFile.Open(Own("two-models.pt"))).Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.NotFound, Assert.Throws<CheckpointException>(() => WeightsFile.Open(Own("two-models.pt"), "other")).ErrorCode);
    }

    [Fact]
    public void Safetensors_show_types_and_metadata()
    {
        using var file = WeightsFile.Open(Reference("mlp-f16.safetensors"));
        Assert.Equal(WeightsFormat.SafeTensors, file.Format);
        Assert.All(file.Tensors, tensor => Assert.Equal(StoredType.Float16, tensor.Type));
        Assert.Equal(DType.Float32, file.Read("0.weight").DType);
        Assert.Null(file.Find("nope"));
        Assert.Equal(ErrorCode.NotFound, Assert.Throws<CheckpointException>(() => file.Read("nope")).ErrorCode);
        Assert.Contains("SafeTensors, 4 tensors", file.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Closed_missing_and_foreign_files_are_errors()
    {
        using var folder = new TemporaryFolder();
        var file = WeightsFile.Open(Own("types.pt"));
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Read("float32"));
        Assert.Throws<ArgumentNullException>(() => WeightsFile.Open(null!));
        Assert.Equal(ErrorCode.NotFound, Assert.Throws<CheckpointException>(() => WeightsFile.Open(folder.File("none"))).ErrorCode);
        Assert.Equal(ErrorCode.NotFound, Assert.Throws<CheckpointException>(() => WeightsFile.Open(folder.Path)).ErrorCode);
        Assert.Equal(ErrorCode.Format, Assert.Throws<CheckpointException>(() => WeightsFile.Open(folder.Write("empty", []))).ErrorCode);
        Assert.Equal(ErrorCode.Format, Assert.Throws<CheckpointException>(() => WeightsFile.Open(folder.Write("text", "import os"u8.ToArray()))).ErrorCode);
        var torn = File.ReadAllBytes(Own("types.pt"));
        Assert.Throws<CheckpointException>(() => WeightsFile.Open(folder.Write("torn", torn[..^40])));
        // A changed value is found by the archive's checksum.
        var whole = File.ReadAllBytes(Own("views.pt"));
        var at = whole.AsSpan().IndexOf(BitConverter.GetBytes(42f));
        whole[at] ^= 1;
        using var damaged = WeightsFile.Open(folder.Write("damaged", whole));
        Assert.Contains("checksum", Assert.Throws<CheckpointException>(() => damaged.Read("whole")).Message, StringComparison.Ordinal);
    }
}
