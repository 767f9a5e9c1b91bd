using System.Text.Json;
using ExBurn.Tests.Layers;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Losses;

/// <summary>
/// PyTorch's losses through a compiled model. Its only parameter is an embedding that gives out the case's predictions, so that the parameter's
/// gradient is the gradient with respect to the prediction.
/// </summary>
public sealed class LossReferenceTests
{
    // The second file is the project's own, wherever PyTorch's lie.
    private static readonly IReadOnlyList<JsonElement> All =
    [
        .. ReferenceCases.Read("losses.json"),
        .. ReferenceCases.Read(Path.Combine(AppContext.BaseDirectory, "fixtures", "reference", "losses_boxes.json")),
    ];

    public static TheoryData<int, string> Supported
    {
        get
        {
            var rows = new TheoryData<int, string>();
            for (var i = 0; i < All.Count; i++)
                if (LossCases.Make(All[i]) is { } loss)
                    rows.Add(i, $"{loss.GetType().Name} {All[i].GetProperty("reduction")}");
            return rows;
        }
    }

    [Fact]
    public void All_kinds_of_the_files_are_known()
        => Assert.Equal([], All.Where(one => LossCases.Make(one) is null).Select(one => one.GetProperty("loss").GetString()).Distinct());

    [Theory]
    [MemberData(nameof(Supported))]
    public void Values_and_gradients_are_PyTorchs(int index, string what)
    {
        Check(index, what, Device.Cpu, DType.Float64, 1e-8);
        Check(index, what, Device.Cpu, DType.Float32, 2e-6);
        Check(index, what, Device.NdArray, DType.Float64, 1e-8);
        if (Environment.GetEnvironmentVariable("EXBURN_TEST_GPU") == "1")
            Check(index, what, Device.Gpu(), DType.Float32, 2e-5);
    }

    private static void Check(int index, string what, Device device, DType dtype, double tolerance)
    {
        var one = All[index];
        var prediction = ReferenceCases.Array(one.GetProperty("prediction"));
        var rows = (int)prediction.Shape[0];
        var width = prediction.Data.Length / rows;
        Layer[] shaped = prediction.Shape.Length switch
        {
            1 => [new Flatten(0)],
            2 => [],
            _ => [new Unflatten(1, prediction.Shape[1..])],
        };
        using var model = new Sequential([new Embedding(rows, width), .. shaped]);
        model.Compile(new SGD(1), LossCases.Make(one)!, device: device, dtype: dtype);
        model.SetState(new Dictionary<string, TensorData> { ["0.weight"] = LayerCases.Data(prediction with { Shape = [rows, width] }, dtype) });
        TensorData[] inputs = [new(new TensorView(Enumerable.Range(0, rows).ToArray(), [rows]))];
        TensorData[] targets = [.. ReferenceCases.Arrays(one, "targets").Select(target => LayerCases.Data(target!, dtype))];

        var trainer = new Trainer(model);
        var value = ReferenceCases.Array(one.GetProperty("value")).Data.Sum();
        what = $"{what}, case {index}, {dtype} on {device}";
        Support.Close.Check([value], [trainer.EvaluateStep(inputs, targets).Loss], tolerance, tolerance, what);
        using var gradients = trainer.ComputeGradients(inputs, targets);
        Support.Close.Check([value], [gradients.Loss], tolerance, tolerance, what + ", in training");
        Support.Close.Check(
            ReferenceCases.Array(one.GetProperty("grad_of_sum")).Data, gradients["0.weight"].ToDoubles(), tolerance, tolerance, what + ", gradient");
    }
}
