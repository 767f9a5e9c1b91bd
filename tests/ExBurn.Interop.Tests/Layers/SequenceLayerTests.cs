using System.Text.Json;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Layers;

/// <summary>Sequence layers from C#: PyTorch's outputs for options beyond layers.json, training, wrong options.</summary>
public sealed class SequenceLayerTests
{
    /// <summary>Cases with one input, so that a Sequential can run them.</summary>
    public static TheoryData<int> Single
    {
        get
        {
            var data = new TheoryData<int>();
            var cases = Cases();
            for (var i = 0; i < cases.Length; i++)
                if (cases[i].GetProperty("inputs").GetArrayLength() == 1 && LayerOf(cases[i]) is not null)
                    data.Add(i);
            return data;
        }
    }

    [Fact]
    public void There_are_cases() => Assert.True(Single.Count >= 20);

    [Theory]
    [MemberData(nameof(Single))]
    public void A_layer_agrees_with_PyTorch(int index)
    {
        var one = Cases()[index];
        foreach (var (dtype, tolerance) in new[] { (DType.Float64, 1e-7), (DType.Float32, 1e-5) })
        {
            using var model = new Sequential(LayerOf(one)! with { Name = "layer" });
            model.Compile(new SGD(1), Loss.MeanSquaredError(), dtype: dtype, seed: 1);
            model.SetState(LayerCases.State(one, "state", dtype, "layer."));
            var output = ReferenceCases.Arrays(one, "outputs")[0]!;
            var found = model.Predict(LayerCases.Data(ReferenceCases.Arrays(one, "inputs")[0]!, dtype));
            Assert.Equal(output.Shape, found.Shape);
            Close.Check(output.Data, found.ToDoubles(), tolerance, tolerance, $"{LayerOf(one)} in {dtype}");
        }
    }

    [Fact]
    public void Recurrent_layers_and_transformers_learn()
    {
        // The class is whether the first element of the sequence is positive: it has to be remembered.
        var random = new Random(3);
        var x = new float[64, 6, 2];
        var y = new int[64];
        for (var i = 0; i < 64; i++)
        {
            for (var t = 0; t < 6; t++)
                (x[i, t, 0], x[i, t, 1]) = (((float)random.NextDouble() * 2) - 1, t == 0 ? 1 : 0);
            y[i] = x[i, 0, 0] > 0 ? 1 : 0;
        }
        foreach (var layers in new Layer[][]
        {
            [new LSTM(2, 8) { BatchFirst = true, Bidirectional = true }, new Flatten(), new Linear(96, 2)],
            [new GRU(2, 8) { BatchFirst = true, Layers = 2, Dropout = 0.1 }, new Flatten(), new Linear(48, 2)],
            [
                new Linear(2, 8), new PositionalEncoding(8) { BatchFirst = true },
                new TransformerEncoder(8, 2, 1) { FeedForwardSize = 16, Dropout = 0, BatchFirst = true }, new Flatten(), new Linear(48, 2),
            ],
        })
        {
            using var model = new Sequential(layers);
            model.Compile(new Adam(0.01), Loss.CrossEntropy(), seed: 5);
            var trainer = new Trainer(model);
            var (first, last) = (0.0, 0.0);
            for (var step = 0; step < 80; step++)
            {
                last = trainer.TrainStep(new TensorData(x), new TensorData(y)).Loss;
                if (step == 0)
                    first = last;
            }
            Assert.True(last < first / 4, $"{layers[0]}: {first} to {last}");
        }
    }

    [Fact]
    public void States_have_PyTorchs_names()
    {
        using var model = new Sequential(new LSTM(2, 3) { Layers = 2, Bidirectional = true, ProjectionSize = 2 });
        model.Compile(new SGD(1), Loss.MeanSquaredError(), seed: 1);
        var names = model.GetState().Keys.ToHashSet();
        Assert.Equal(20, names.Count);
        Assert.Contains("0.weight_hr_l1_reverse", names);
        Assert.Contains("0.bias_ih_l0", names);
    }

    public static TheoryData<string, Func<Layer>> Wrong => new()
    {
        { "InputSize", () => new LSTM(0, 3) },
        { "HiddenSize", () => new GRU(3, 0) },
        { "Layers", () => new RNN(3, 3) { Layers = 0 } },
        { "Dropout", () => new RNN(3, 3) { Dropout = 1.5 } },
        { "ProjectionSize", () => new LSTM(3, 3) { ProjectionSize = -1 } },
        { "HiddenSize", () => new LSTMCell(3, -1) },
        { "Heads", () => new MultiheadAttention(4, 0) },
        { "KeyDim", () => new MultiheadAttention(4, 2) { KeyDim = 0 } },
        { "FeedForwardSize", () => new TransformerEncoderLayer(4, 2) { FeedForwardSize = 0 } },
        { "Layers", () => new TransformerDecoder(4, 2, 0) },
        { "DecoderLayers", () => new Transformer { DecoderLayers = 0 } },
        { "LayerNormEps", () => new Transformer { LayerNormEps = -1 } },
        { "MaxLength", () => new PositionalEncoding(4) { MaxLength = 0 } },
        { "Base", () => new RotaryEmbedding(4) { Base = 0 } },
        { "Offset", () => new RotaryEmbedding(4) { Offset = -1 } },
        { "InitialStd", () => new LearnedPositionalEmbedding(4, 4) { InitialStd = -1 } },
        { "MaxNorm", () => new EmbeddingBag(4, 4) { MaxNorm = 0 } },
        { "NormType", () => new Embedding(4, 4) { NormType = 0 } },
    };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void A_wrong_option_is_named(string option, Func<Layer> make)
        => Assert.Equal(option, Assert.Throws<ArgumentOutOfRangeException>(make).ParamName);

    /// <summary>The project's own file, also when EXBURN_REFERENCE names another folder.</summary>
    private static JsonElement[] Cases()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "fixtures", "reference", "layers_sequence.json")));
        return [.. document.RootElement.GetProperty("cases").Clone().EnumerateArray()];
    }

    private static Layer? LayerOf(JsonElement one) => LayerCases.Make(one.GetProperty("layer").GetString()!, one.GetProperty("config"));
}
