using System.Text.Json;
using ExBurn.Tests.Layers;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Optimizers;

/// <summary>PyTorch's optimizers on given gradients: those of a linear layer are replaced before each step.</summary>
public sealed class OptimizerReferenceTests
{
    private static readonly IReadOnlyList<JsonElement> All = ReferenceCases.Read("optimizers.json");

    private static JsonElement Start => All.First(one => one.TryGetProperty("initial_params", out _));

    public static TheoryData<int, string> Supported
    {
        get
        {
            var rows = new TheoryData<int, string>();
            for (var i = 0; i < All.Count; i++)
                if (All[i].TryGetProperty("optimizer", out var type) && OptimizerCases.Make(All[i], NameOf) is not null)
                    rows.Add(i, $"{type} {All[i].GetProperty("config")}");
            return rows;
        }
    }

    [Fact]
    public void All_kinds_of_the_file_are_known()
        => Assert.Equal(All.Count(one => one.TryGetProperty("optimizer", out _)), Supported.Count);

    [Theory]
    [MemberData(nameof(Supported))]
    public void Steps_are_PyTorchs(int index, string what)
    {
        Check(index, what, Device.Cpu, DType.Float64, 1e-8);
        Check(index, what, Device.Cpu, DType.Float32, 2e-6);
        Check(index, what, Device.NdArray, DType.Float64, 1e-8);
        if (Environment.GetEnvironmentVariable("EXBURN_TEST_GPU") == "1")
            Check(index, what, Device.Gpu(), DType.Float32, 1e-5);
    }

    private static string NameOf(string parameter) => "0." + parameter;

    private static void Check(int index, string what, Device device, DType dtype, double tolerance)
    {
        var one = All[index];
        var config = one.GetProperty("config");
        var clip = config.TryGetProperty("clip_global_norm", out var limit) ? limit.GetDouble() : (double?)null;
        var frozen = config.TryGetProperty("frozen", out var range) ? range : (JsonElement?)null;
        var weight = ReferenceCases.Table(Start, "initial_params")["weight"];
        using var model = new Sequential(new Linear((int)weight.Shape[1], (int)weight.Shape[0]));
        model.Compile(OptimizerCases.Make(one, NameOf)!, Loss.MeanSquaredError(), device: device, dtype: dtype);
        model.SetState(LayerCases.State(Start, "initial_params", dtype, NameOf("")));
        var trainer = new Trainer(model);
        var (x, y) = (new float[1, weight.Shape[1]], new float[1, weight.Shape[0]]);
        var steps = one.GetProperty("params_after_each_step").EnumerateArray().ToArray();
        for (var step = 0; step < steps.Length; step++)
        {
            if (frozen is { } freeze)
            {
                var name = NameOf(freeze.GetProperty("param").GetString()!);
                if (step == freeze.GetProperty("from_step").GetInt32())
                    model.Freeze(name);
                if (step == freeze.GetProperty("to_step_exclusive").GetInt32())
                    model.Unfreeze(name);
            }
            using var gradients = trainer.ComputeGradients(x, y);
            foreach (var name in gradients.Names)
                gradients.Set(name, LayerCases.Data(ReferenceCases.Array(Start.GetProperty("grads")[step].GetProperty(name[2..])), dtype));
            var norm = trainer.ApplyGradients(gradients, new() { ClipNorm = clip });
            if (clip is not null)
                Support.Close.Check([one.GetProperty("total_norm_before_clip")[step].GetDouble()], [norm], 1e-5, 0, what + ", norm");
            var state = model.GetState();
            foreach (var entry in steps[step].EnumerateObject())
                Support.Close.Check(
                    ReferenceCases.Array(entry.Value).Data, state[NameOf(entry.Name)].ToDoubles(), tolerance, tolerance,
                    $"{what}, {dtype} on {device}, {entry.Name} after step {step}");
        }
    }
}
