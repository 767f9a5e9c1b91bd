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
        // Nine digits, of which sums of products lose a little; a few roundings in single precision.
        var limit = dtype == DType.Float64 ? 2e-8 : 1e-5;
        var found = Arrays(one, device, dtype, null, title);
        // A steep function magnifies what the inputs lost when they were rounded.
        var near = new[] { Arrays(one, device, dtype, 0, title), Arrays(one, device, dtype, 1, title) };
        var expected = ReferenceCases.Arrays(one, "outputs").Concat(HasGradients(one) ? ReferenceCases.Arrays(one, "input_grads") : []).ToArray();
        for (var i = 0; i < expected.Length; i++)
        {
            if (expected[i] is not { } wanted)
                continue;
            Assert.True(found[i] is not null, $"{title}: array {i} is missing");
            var steep = 2 * near.Max(moved => moved[i]!.Zip(found[i]!, (x, y) => Math.Abs(x - y)).Where(double.IsFinite).DefaultIfEmpty().Max());
            Close.Check(wanted.Data, found[i]!, limit, limit + steep, $"{title}: array {i}");
        }
    }

    private static bool HasGradients(JsonElement one)
        => one.TryGetProperty("output_grads", out var grads) && grads.ValueKind == JsonValueKind.Array && grads.GetArrayLength() > 0;

    /// <summary>Outputs, then gradients of the inputs, null where there is none. With a pattern the inputs are moved as rounding might have moved them.</summary>
    private static double[]?[] Arrays(JsonElement one, Device device, DType dtype, int? pattern, string title)
    {
        var inputs = ReferenceCases.Arrays(one, "inputs").Select(array => Input(array!, device, dtype, pattern)).ToArray();
        var outputs = TensorOperations.Run(one.GetProperty("op").GetString()!, inputs, one.GetProperty("config"));
        var expected = ReferenceCases.Arrays(one, "outputs");
        Assert.Equal(expected.Count, outputs.Length);
        for (var i = 0; i < outputs.Length; i++)
        {
            Assert.Equal((Shape)expected[i]!.Shape, outputs[i].Shape);
            Assert.Equal(expected[i]!.Kind, Kind(outputs[i].DType));
        }

        double[]?[] values = [.. outputs.Select(Doubles)];
        if (!HasGradients(one))
            return values;
        var wanted = ReferenceCases.Arrays(one, "output_grads");
        Tensor? loss = null;
        for (var i = 0; i < wanted.Count; i++)
        {
            var part = (outputs[i] * Input(wanted[i]!, device, dtype).Detach()).Sum();
            loss = loss is null ? part : loss + part;
        }

        if (loss!.RequiresGradient)
            loss.Backward();
        return [.. values, .. inputs.Select(input => input.Grad is { } gradient ? Doubles(gradient) : null)];
    }

    private static string Kind(DType dtype) => dtype switch
    {
        DType.Bool => "bool",
        DType.Int32 => "int",
        _ => "float",
    };

    private static Tensor Input(ReferenceArray array, Device device, DType dtype, int? pattern = null) => array.Kind switch
    {
        "bool" => Tensor.FromArray(array.Data.Select(x => x != 0).ToArray(), array.Shape, device: device),
        "int" => Tensor.FromArray(array.ToInt64s(), array.Shape, device: device),
        _ => Tensor.FromArray([.. array.Data.Select((x, i) => x * (1 + Rounding(i, dtype, pattern)))], array.Shape, dtype, device).RequiresGrad(),
    };

    /// <summary>What rounding to nine digits, or to single precision, may have changed, relative to the number.</summary>
    private static double Rounding(int i, DType dtype, int? pattern)
        => pattern is { } bit ? (dtype == DType.Float64 ? 5e-9 : 6e-8) * (((i >> bit) & 1) == 0 ? 1 : -1) : 0;

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
