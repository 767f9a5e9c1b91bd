using System.Text;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Serialization;

/// <summary>The format in memory: round trips, PyTorch's own files, and what is damaged.</summary>
public sealed class SafeTensorsTests
{
    [Fact]
    public void Every_element_type_survives()
    {
        var tensors = new Dictionary<string, TensorData>
        {
            ["w"] = new(new TensorView([1f, float.NaN, -0f, float.PositiveInfinity], [2, 2])),
            ["d"] = new(new[] { 1e-300, 2 }),
            ["i"] = new(new[] { 1, -2 }),
            ["ä \"quoted\""] = new(new[] { long.MaxValue }),
            ["b"] = new(new byte[] { 1, 2, 3 }),
            ["scalar"] = new(new TensorView([5L], [])),
            ["empty"] = new(new TensorView(ReadOnlySpan<float>.Empty, [0, 3])),
        };
        var file = SafeTensors.Write(tensors);
        Assert.Equal(0, BitConverter.ToInt64(file) % 8);
        var back = SafeTensors.Read(file);
        Assert.Equal(tensors.Keys.Order(), back.Keys.Order());
        foreach (var (name, tensor) in tensors)
        {
            Assert.Equal(tensor.DType, back[name].DType);
            Assert.Equal(tensor.Shape, back[name].Shape);
            Assert.Equal(tensor.Bytes.ToArray(), back[name].Bytes.ToArray());
        }
    }

    [Fact]
    public void PyTorchs_files_are_read()
    {
        var state = SafeTensors.Read(File.ReadAllBytes(Path.Combine(Folders.Reference, "files", "mlp.safetensors")));
        Assert.NotEmpty(state);
        Assert.All(state.Values, tensor => Assert.Equal(DType.Float32, tensor.DType));
    }

    [Fact]
    public void A_truncated_file_is_an_error_at_every_length()
    {
        var file = SafeTensors.Write(new Dictionary<string, TensorData> { ["w"] = new(new[] { 1f, 2 }) });
        for (var length = 0; length < file.Length; length++)
        {
            var cut = file.AsSpan(0, length).ToArray();
            Assert.Throws<CheckpointException>(() => SafeTensors.Read(cut));
        }
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,99]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[-5],"data_offsets":[0,8]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[9223372036854775807,9],"data_offsets":[0,8]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2]}}""")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[0]}}""")]
    [InlineData("""{"w":{"dtype":"F8","shape":[2],"data_offsets":[0,8]}}""")]
    [InlineData("""{"w":5}""")]
    public void A_damaged_header_is_an_error(string header)
    {
        var text = Encoding.UTF8.GetBytes(header);
        byte[] file = [.. BitConverter.GetBytes((long)text.Length), .. text, .. new byte[8]];
        Assert.Throws<CheckpointException>(() => SafeTensors.Read(file));
    }
}
