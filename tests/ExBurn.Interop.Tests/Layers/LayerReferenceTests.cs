using System.Text.Json;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Layers;

/// <summary>
/// Every reference case of a layer that a record exists for, from C# to the core and back: outputs, and in training the gradients
/// of the parameters and the buffers. A step of SGD at rate 1 shows the gradients; the squared error to output − gradient/2,
/// summed, has exactly the recorded gradient at the output.
/// </summary>
public sealed class LayerReferenceTests
{
    public static TheoryData<int> Supported
    {
        get
        {
            var data = new TheoryData<int>();
            var cases = ReferenceCases.Read("layers.json");
            for (var i = 0; i < cases.Count; i++)
                if (LayerOf(cases[i]) is not null)
                    data.Add(i);
            return data;
        }
    }

    [Fact]
    public void There_are_cases() => Assert.True(Supported.Count >= 40);

    [Theory]
    [MemberData(nameof(Supported))]
    public void A_layer_agrees_with_PyTorch(int index)
    {
        var one = ReferenceCases.Read("layers.json")[index];
        Check(one, DType.Float64, 1e-6, 1e-8);
        Check(one, DType.Float32, 1e-4, 1e-5);
    }

    private static void Check(JsonElement one, DType dtype, double relative, double absolute)
    {
        var what = $"{LayerOf(one)} in {dtype}";
        using var model = new Sequential(LayerOf(one)!);
        model.Compile(new SGD(1), Loss.MeanSquaredError() with { Reduction = Reduction.Sum }, dtype: dtype, seed: 1);
        model.SetState(LayerCases.State(one, "state", dtype, "0."));
        var input = LayerCases.Data(ReferenceCases.Arrays(one, "inputs").Single()!, dtype);
        var output = ReferenceCases.Arrays(one, "outputs").Single()!;
        var training = one.GetProperty("training").GetBoolean();
        if (!training || ReferenceCases.Table(one, "buffers_after").Count == 0)
        {
            var found = model.Predict(input);
            Assert.Equal(output.Shape, found.Shape);
            Close.Check(output.Data, found.ToDoubles(), relative, absolute, what);
        }
        if (!training)
            return;

        var slopes = ReferenceCases.Arrays(one, "output_grads").Single()!;
        var target = output with { Data = [.. output.Data.Zip(slopes.Data, (value, slope) => value - (slope / 2))] };
        var before = model.GetState();
        var loss = new Trainer(model).TrainStep(input, LayerCases.Data(target, dtype)).Loss;
        Close.Check([slopes.Data.Sum(slope => slope * slope / 4)], [loss], relative * 10, absolute, $"{what} loss");
        var after = model.GetState();
        foreach (var (name, gradient) in ReferenceCases.Table(one, "param_grads"))
        {
            var change = before[$"0.{name}"].ToDoubles().Zip(after[$"0.{name}"].ToDoubles(), (old, now) => old - now).ToArray();
            Close.Check(gradient.Data, change, relative * 10, absolute * 20, $"{what} gradient of {name}");
        }
        foreach (var (name, expected) in ReferenceCases.Table(one, "buffers_after"))
            Close.Check(expected.Data, after[$"0.{name}"].ToDoubles(), relative, absolute, $"{what} {name}");
    }

    private static Layer? LayerOf(JsonElement one) => LayerCases.Make(one.GetProperty("layer").GetString()!, one.GetProperty("config"));
}
