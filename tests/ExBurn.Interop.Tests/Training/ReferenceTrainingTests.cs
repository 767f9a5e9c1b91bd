using System.Text.Json;
using ExBurn.Tests.Layers;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Training;

/// <summary>Whole runs recorded from PyTorch in float64: loss of every step, final state, final predictions.</summary>
public sealed class ReferenceTrainingTests
{
    public static TheoryData<string> Supported => [.. Cases().Select(one => one.GetProperty("name").GetString()!)];

    [Fact]
    public void There_are_cases() => Assert.True(Cases().Count() >= 3);

    [Theory]
    [MemberData(nameof(Supported))]
    public void A_run_follows_PyTorch(string name)
    {
        Run(name, DType.Float64, 1e-6, 1e-8);
        Run(name, DType.Float32, 1e-3, 1e-4);
    }

    /// <summary>The same runs on the GPU device, in single precision: the loss of every step.</summary>
    [Theory]
    [MemberData(nameof(Supported))]
    public void A_run_on_the_GPU_follows_PyTorch(string name)
    {
        if (Gpu.IsPresent)
            Run(name, DType.Float32, 1e-3, 1e-4, Device.Gpu());
    }

    private static void Run(string name, DType dtype, double relative, double absolute, Device? device = null)
    {
        var one = Cases().Single(one => one.GetProperty("name").GetString() == name);
        using var model = ModelOf(one.GetProperty("model"))!;
        model.Compile(OptimizerOf(one)!, LossOf(one)!, device: device, dtype: dtype);
        model.SetState(LayerCases.State(one, "initial_state", dtype));
        var (inputs, targets) = (ReferenceCases.Array(one.GetProperty("inputs")), ReferenceCases.Array(one.GetProperty("targets")));
        var batch = one.GetProperty("batch_size").GetInt32();
        var accumulate = one.GetProperty("accumulate").GetInt32();
        var clip = one.GetProperty("clip_global_norm") is { ValueKind: JsonValueKind.Number } norm ? norm.GetDouble() : (double?)null;
        var trainer = new Trainer(model);
        var losses = new List<double>();
        var rates = one.GetProperty("rates").EnumerateArray().Select(rate => rate.GetDouble()).ToArray();
        var rows = (int)inputs.Shape[0];
        for (var step = 0; step < one.GetProperty("steps").GetInt32(); step++)
        {
            trainer.LearningRate = rates[step];
            // The recorded runs take batches in order and begin again at the end of the data.
            var first = step * accumulate * batch % rows;
            using var part = Dataset.FromArrays(
                [LayerCases.Rows(inputs, first, accumulate * batch, dtype)], [LayerCases.Rows(targets, first, accumulate * batch, dtype)]);
            losses.Add(trainer.Fit(part, new() { BatchSize = batch, AccumulationSteps = accumulate, ClipNorm = clip, Shuffle = false }).Epochs[0].Loss);
        }
        Close.Check(one.GetProperty("loss_curve").EnumerateArray().Select(loss => loss.GetDouble()).ToArray(), losses.ToArray(), relative, absolute, $"{name} losses");
        // In float32 a parameter without influence on the loss (a bias before a batch norm) goes wherever Adam's rounding takes
        // it, and with it the running mean and the predictions: only the losses can be compared.
        if (dtype != DType.Float64)
            return;
        var state = model.GetState();
        foreach (var (entry, expected) in ReferenceCases.Table(one, "final_state"))
            Close.Check(expected.Data, state[entry].ToDoubles(), relative, absolute * 10, $"{name} {entry}");
        var prediction = model.Predict(LayerCases.Rows(inputs, 0, rows, dtype));
        Close.Check(ReferenceCases.Array(one.GetProperty("final_eval_prediction")).Data, prediction.ToDoubles(), relative * 10, absolute * 10, $"{name} predictions");
    }

    /// <summary>The runs that the library has everything for, by what they say themselves.</summary>
    private static IEnumerable<JsonElement> Cases() => ReferenceCases.Read("training.json").Where(one =>
        ModelOf(one.GetProperty("model")) is not null
        && OptimizerOf(one) is not null
        && LossOf(one) is not null);

    /// <summary>A chain of layers, or named layers with the formula that links them.</summary>
    private static Model? ModelOf(JsonElement model)
    {
        if (model.ValueKind == JsonValueKind.Array)
        {
            var layers = model.EnumerateArray().Select(LayerCases.Make).ToArray();
            return layers.All(layer => layer is not null) ? new Sequential(layers!) : null;
        }
        var parts = model.EnumerateObject().Where(part => part.Name != "forward").ToDictionary(part => part.Name, part => PartOf(part.Value));
        if (parts.Values.Any(part => part is null))
            return null;
        var g = new Graph();
        var x = g.Input("x", (Shape?)null);
        Node Apply(string part, Node input) => input.Apply(parts[part]!, part);
        switch (model.GetProperty("forward").GetString())
        {
            case "head(last step of lstm(emb(x)))":
                return g.Build(Apply("head", Apply("lstm", Apply("emb", x)).Select(1, -1)));
            case "head(mean over time of enc(emb(x)))":
                return g.Build(Apply("head", Apply("enc", Apply("emb", x)).Mean(1)));
            case "h=relu(c0(x)); h=h+relu(n1(c1(h))); fc(global average of h)":
                var h = Apply("c0", x).Apply(new ReLU());
                h += Apply("n1", Apply("c1", h)).Apply(new ReLU());
                return g.Build(Apply("fc", h.Mean(2, 3)));
            default:
                return null;
        }
    }

    /// <summary>A layer of a graph; sequences have the batch first.</summary>
    private static Layer? PartOf(JsonElement list)
    {
        if (list[0].GetString() != "TransformerEncoder")
            return LayerCases.Make(list) is LSTM lstm ? lstm with { BatchFirst = true } : LayerCases.Make(list);
        var options = list[1];
        return new TransformerEncoder(options.GetProperty("d_model").GetInt32(), options.GetProperty("nhead").GetInt32(), options.GetProperty("layers").GetInt32())
        {
            FeedForwardSize = options.GetProperty("dim_feedforward").GetInt32(),
            Dropout = options.GetProperty("dropout").GetDouble(),
            BatchFirst = true,
        };
    }

    private static Loss? LossOf(JsonElement one) => one.GetProperty("loss").GetString() switch
    {
        "CrossEntropy" => Loss.CrossEntropy(),
        "MSE" => Loss.MeanSquaredError(),
        _ => null,
    };

    private static Optimizer? OptimizerOf(JsonElement one)
    {
        var (name, options) = one.GetProperty("optimizer").EnumerateObject().Select(entry => (entry.Name, entry.Value)).Single();
        double Number(string key, double otherwise) => options.TryGetProperty(key, out var value) ? value.GetDouble() : otherwise;
        bool Flag(string key) => options.TryGetProperty(key, out var value) && value.GetBoolean();
        return name switch
        {
            "SGD" => new SGD(Number("lr", 1e-3)) { Momentum = Number("momentum", 0), Nesterov = Flag("nesterov"), WeightDecay = Number("weight_decay", 0) },
            "Adam" => new Adam(Number("lr", 1e-3)) { WeightDecay = Number("weight_decay", 0) },
            "AdamW" => new AdamW(Number("lr", 1e-3)) { WeightDecay = Number("weight_decay", 0.01) },
            _ => null,
        };
    }
}
