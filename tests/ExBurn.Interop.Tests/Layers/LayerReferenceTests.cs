using System.Text.Json;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Layers;

/// <summary>
/// Every reference case of a layer that a record exists for, from C# to the core and back: outputs, and in training the gradients
/// of input and parameters and the buffers. A step of SGD at rate 1 shows gradients: the squared error to output − gradient/2,
/// summed, has exactly the recorded gradient at the output; and float inputs are a table of an embedding and parameters, so they have gradients too.
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
    public void There_are_cases() => Assert.True(Supported.Count >= 120);

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
        var inputs = ReferenceCases.Arrays(one, "inputs").Select(input => input!).ToArray();
        var outputs = ReferenceCases.Arrays(one, "outputs").Select(output => output!).ToArray();
        var given = inputs[0];
        var asTable = given.Kind == "float";
        using var model = ModelOf(LayerOf(one)!, inputs, outputs.Length);
        model.Compile(
            new SGD(1), [.. outputs.Select((_, i) => Loss.MeanSquaredError() with { Reduction = Reduction.Sum, Output = $"y{i}" })], dtype: dtype, seed: 1);
        var state = LayerCases.State(one, "state", dtype, "layer.");
        if (asTable)
            state.Add("x0.weight", LayerCases.Data(given with { Shape = [given.Shape[0], given.Data.Length / given.Shape[0]] }, dtype));
        for (var i = 1; i < inputs.Length; i++)
            state.Add($"x{i}", LayerCases.Data(inputs[i], dtype));
        model.SetState(state);
        var input = asTable ? new TensorData(Enumerable.Range(0, (int)given.Shape[0]).ToArray()) : LayerCases.Data(given, dtype);

        var training = one.GetProperty("training").GetBoolean();
        if (!training || ReferenceCases.Table(one, "buffers_after").Count == 0)
        {
            foreach (var (output, found) in outputs.Zip(model.Predict([input])))
            {
                Assert.Equal(output.Shape, found.Shape);
                Close.Check(output.Data, found.ToDoubles(), relative, absolute, what);
            }
        }
        if (!training)
            return;

        var slopes = ReferenceCases.Arrays(one, "output_grads").Select(slope => slope!).ToArray();
        var targets = outputs.Zip(slopes, (output, slope) => output with { Data = [.. output.Data.Zip(slope.Data, (value, by) => value - (by / 2))] });
        var loss = new Trainer(model).TrainStep([input], [.. targets.Select(target => LayerCases.Data(target, dtype))]).Loss;
        Close.Check([slopes.Sum(slope => slope.Data.Sum(by => by * by / 4))], [loss], relative * 10, absolute, $"{what} loss");
        var after = model.GetState();
        double[] Change(string name) => [.. state[name].ToDoubles().Zip(after[name].ToDoubles(), (old, now) => old - now)];
        foreach (var (name, gradient) in ReferenceCases.Table(one, "param_grads"))
            Close.Check(gradient.Data, Change($"layer.{name}"), relative * 10, absolute * 20, $"{what} gradient of {name}");
        var gradients = ReferenceCases.Arrays(one, "input_grads");
        for (var i = asTable ? 0 : 1; i < inputs.Length; i++)
            Close.Check(gradients[i]!.Data, Change(i == 0 ? "x0.weight" : $"x{i}"), relative * 10, absolute * 20, $"{what} gradient of input {i}");
        foreach (var (name, expected) in ReferenceCases.Table(one, "buffers_after"))
            Close.Check(expected.Data, after[$"layer.{name}"].ToDoubles(), relative, absolute, $"{what} {name}");
    }

    /// <summary>The layer, its first input the rows of a table, where it holds floats, its others parameters, and all its outputs.</summary>
    private static GraphModel ModelOf(Layer layer, ReferenceArray[] inputs, int outputs)
    {
        var g = new Graph();
        var first = g.Input("x", (Shape?)null);
        if (inputs[0].Kind == "float")
        {
            var rows = (int)inputs[0].Shape[0];
            first = first.Apply(new Embedding(rows, inputs[0].Data.Length / rows), "x0");
            // A table has rows; a layer may want them in more dimensions, or in one.
            if (inputs[0].Shape.Length != 2)
                first = first.Reshape([.. inputs[0].Shape.Select(size => (int)size)]);
        }
        var others = inputs.Select((input, i) => (input, i)).Skip(1).Select(other => g.Parameter($"x{other.i}", other.input.Shape)).ToArray();
        var node = first.Apply(layer, "layer", others);
        return g.Build([.. Enumerable.Range(0, outputs).Select(i => new GraphOutput($"y{i}", node.Output(i)))]);
    }

    private static Layer? LayerOf(JsonElement one) => LayerCases.Make(one.GetProperty("layer").GetString()!, one.GetProperty("config"));
}
