using System.Text.Json;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Tensors;

/// <summary>Every case of ops.json (PyTorch's values and gradients) through the tensor's methods, on the CPU devices in both types.</summary>
public sealed class TensorReferenceTests
{
    public static TheoryData<string, DType> Places => new()
    {
        { "cpu", DType.Float32 },
        { "cpu", DType.Float64 },
        { "ndarray", DType.Float32 },
        { "ndarray", DType.Float64 },
    };

    [Theory]
    [MemberData(nameof(Places))]
    public void Every_case(string device, DType dtype)
    {
        var place = device == "cpu" ? Device.Cpu : Device.NdArray;
        var cases = ReferenceCases.Read("ops.json");
        var failures = new List<string>();
        foreach (var one in cases)
        {
            var title = $"{one.GetProperty("op").GetString()} {one.GetProperty("config").GetRawText()}";
            try
            {
                using var scope = new TensorScope();
                Run(one, place, dtype, title);
            }
            catch (Exception e)
            {
                failures.Add($"{title}: {e.Message}");
            }
        }
        Assert.True(failures.Count == 0, $"{failures.Count} of {cases.Count}\n{string.Join("\n", failures)}");
    }

    private static void Run(JsonElement one, Device device, DType dtype, string title)
    {
        // Nine digits, of which sums of products lose a little; a steep point of tan loses more.
        var limit = dtype != DType.Float64 ? 1e-5 : one.GetProperty("op").GetString() == "tan" ? 2e-7 : 2e-8;
        var inputs = ReferenceCases.Arrays(one, "inputs").Select(array => Input(array!, device, dtype)).ToArray();
        var outputs = TensorOperations.Run(one.GetProperty("op").GetString()!, inputs, one.GetProperty("config"));
        var expected = ReferenceCases.Arrays(one, "outputs");
        Assert.Equal(expected.Count, outputs.Length);
        for (var i = 0; i < outputs.Length; i++)
        {
            Assert.Equal((Shape)expected[i]!.Shape, outputs[i].Shape);
            Assert.Equal(expected[i]!.Kind, Kind(outputs[i].DType));
            Close.Check(expected[i]!.Data, Doubles(outputs[i]), limit, limit, $"{title}: output {i}");
        }
        if (!one.TryGetProperty("output_grads", out var grads) || grads.ValueKind != JsonValueKind.Array || grads.GetArrayLength() == 0)
            return;
        var wanted = ReferenceCases.Arrays(one, "output_grads");
        Tensor? loss = null;
        for (var i = 0; i < wanted.Count; i++)
        {
            var part = (outputs[i] * Input(wanted[i]!, device, dtype).Detach()).Sum();
            loss = loss is null ? part : loss + part;
        }
        if (!loss!.RequiresGradient)
            return;
        loss.Backward();
        var gradients = ReferenceCases.Arrays(one, "input_grads");
        for (var i = 0; i < inputs.Length; i++)
        {
            if (gradients[i] is not { } gradient)
                continue;
            using var found = inputs[i].Grad;
            Assert.True(found is not null, $"{title}: input {i} has no gradient");
            Close.Check(gradient.Data, Doubles(found), limit, limit, $"{title}: gradient {i}");
        }
    }

    private static string Kind(DType dtype) => dtype switch
    {
        DType.Bool => "bool",
        DType.Int32 => "int",
        _ => "float",
    };

    private static Tensor Input(ReferenceArray array, Device device, DType dtype) => array.Kind switch
    {
        "bool" => Tensor.FromArray(array.Data.Select(x => x != 0).ToArray(), array.Shape, device: device),
        "int" => Tensor.FromArray(array.ToInt64s(), array.Shape, device: device),
        _ => Tensor.FromArray(array.Data, array.Shape, dtype, device).RequiresGrad(),
    };

    internal static double[] Doubles(Tensor tensor)
    {
        switch (tensor.DType)
        {
            case DType.Bool:
                return [.. tensor.ToArray<bool>().Select(x => x ? 1.0 : 0.0)];
            case DType.Int32:
                return [.. tensor.ToArray<int>().Select(x => (double)x)];
            case DType.Float64:
                return tensor.ToArray<double>();
            default:
                return [.. tensor.ToArray<float>().Select(x => (double)x)];
        }
    }
}
