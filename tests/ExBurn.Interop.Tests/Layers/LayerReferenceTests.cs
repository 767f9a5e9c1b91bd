using System.Text.Json;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Layers;

/// <summary>
/// Every reference case of a layer that a record exists for, from C# to the core and back: outputs, and in training the gradients
/// of input and parameters and the buffers. A step of SGD at rate 1 shows gradients: the squared error to output − gradient/2,
/// summed, has exactly the recorded gradient at the output; and a float input is the table of an embedding, so it has a gradient too.
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
                if (LayerOf(cases[i]) is not null && cases[i].GetProperty("inputs").GetArrayLength() == 1)
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
        var given = ReferenceCases.Arrays(one, "inputs").Single()!;
        var outputs = ReferenceCases.Arrays(one, "outputs");
        var output = outputs[0]!;
        var asTable = given.Kind == "float";
        using var model = asTable ? BehindTable(LayerOf(one)!, given) : new Sequential(LayerOf(one)! with { Name = "layer" });
        model.Compile(new SGD(1), Loss.MeanSquaredError() with { Reduction = Reduction.Sum }, dtype: dtype, seed: 1);
        var state = LayerCases.State(one, "state", dtype, "layer.");
        if (asTable)
            state.Add("x.weight", LayerCases.Data(given with { Shape = [given.Shape[0], given.Data.Length / given.Shape[0]] }, dtype));
        model.SetState(state);
        var input = asTable ? new TensorData(Enumerable.Range(0, (int)given.Shape[0]).ToArray()) : LayerCases.Data(given, dtype);

        var training = one.GetProperty("training").GetBoolean();
        if (!training || ReferenceCases.Table(one, "buffers_after").Count == 0)
        {
            var found = model.Predict(input);
            Assert.Equal(output.Shape, found.Shape);
            Close.Check(output.Data, found.ToDoubles(), relative, absolute, what);
        }
        // A Sequential has the first output only, and the recorded gradients are of all.
        if (!training || outputs.Count > 1)
            return;

        var slopes = ReferenceCases.Arrays(one, "output_grads").Single()!;
        var target = output with { Data = [.. output.Data.Zip(slopes.Data, (value, slope) => value - (slope / 2))] };
        var loss = new Trainer(model).TrainStep(input, LayerCases.Data(target, dtype)).Loss;
        Close.Check([slopes.Data.Sum(slope => slope * slope / 4)], [loss], relative * 10, absolute, $"{what} loss");
        var after = model.GetState();
        double[] Change(string name) => [.. state[name].ToDoubles().Zip(after[name].ToDoubles(), (old, now) => old - now)];
        foreach (var (name, gradient) in ReferenceCases.Table(one, "param_grads"))
            Close.Check(gradient.Data, Change($"layer.{name}"), relative * 10, absolute * 20, $"{what} gradient of {name}");
        if (asTable)
            Close.Check(ReferenceCases.Arrays(one, "input_grads").Single()!.Data, Change("x.weight"), relative * 10, absolute * 20, $"{what} gradient of the input");
        foreach (var (name, expected) in ReferenceCases.Table(one, "buffers_after"))
            Close.Check(expected.Data, after[$"layer.{name}"].ToDoubles(), relative, absolute, $"{what} {name}");
    }

    private static Sequential BehindTable(Layer layer, ReferenceArray input)
    {
        var rows = (int)input.Shape[0];
        var model = new Sequential(new Embedding(rows, input.Data.Length / rows) { Name = "x" });
        if (input.Shape.Length > 2)
            model.Add(new Unflatten(1, input.Shape[1..]));
        model.Add(layer with { Name = "layer" });
        return model;
    }

    private static Layer? LayerOf(JsonElement one) => LayerCases.Make(one.GetProperty("layer").GetString()!, one.GetProperty("config"));
}
