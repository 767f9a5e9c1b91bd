using ExBurn.Models.Zoo;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Docs;

/// <summary>The blocks of docs/graph.md, word for word.</summary>
[Collection("current directory")]
public sealed class GraphGuide
{
    [Fact]
    public void A_residual_link()
    {
        var g = new Graph();
        Node image = g.Input("image", 3, 32, 32);
        Node x = image.Apply(new Conv2d(3, 8, 3) { Padding = 1 }, "stem").Apply(new ReLU());
        Node y = x.Apply(new Conv2d(8, 8, 3) { Padding = 1 }, "conv").Apply(new BatchNorm2d(8), "norm");
        x = (x + y).Apply(new ReLU());
        using var net = g.Build(x.Mean(2, 3).Apply(new Linear(8, 10), "head"));
        net.Compile(new Adam(1e-3), Loss.CrossEntropy(), [Metric.Accuracy()], seed: 1);

        Assert.Equal(["stem", "relu", "conv", "norm", "add", "relu_1", "mean", "head"], net.Summary().Layers.Select(layer => layer.Name));
        Assert.Equal([2, 10], net.Predict(new TensorView(new float[2 * 3 * 32 * 32], [2, 3, 32, 32])).Shape);
    }

    [Fact]
    public void Operations_compute_their_formulas()
    {
        var g = new Graph();
        var (query, key, value) = (g.Input("query", 2, 16), g.Input("key", 2, 16), g.Input("value", 2, 16));

        Node attention = (query.MatMul(key.Transpose(-1, -2)) / Math.Sqrt(16)).CausalMask().Softmax(-1).MatMul(value);
        Node[] halves = attention.Split(-1, 8, 8);
        Node gated = halves[0] * halves[1].Apply(new Sigmoid());
        Node scaled = gated * g.Parameter("scale", [8], Initializer.Ones) + g.Constant([0.5]);
        Node pooled = Node.Concat(1, scaled.Mean(1), scaled.Max(1)).Clamp(-3, 3);

        using var net = g.Build(pooled);
        net.Build(dtype: DType.Float64);
        var random = new Random(2);
        var (q, k, v) = (Numbers(random), Numbers(random), Numbers(random));
        var found = net.Predict([Rows(q), Rows(k), Rows(v)])[0].ToDoubles();

        // The first row sees itself only, the second both.
        double Score(int column) => Math.Exp(Enumerable.Range(0, 16).Sum(i => q[16 + i] * k[(16 * column) + i]) / 4);
        var first = Score(0) / (Score(0) + Score(1));
        double Mixed(int row, int i) => row == 0 ? v[i] : (first * v[i]) + ((1 - first) * v[16 + i]);
        double Gated(int row, int i) => (Mixed(row, i) / (1 + Math.Exp(-Mixed(row, i + 8)))) + 0.5;
        var expected = Enumerable.Range(0, 8).Select(i => (Gated(0, i) + Gated(1, i)) / 2)
            .Concat(Enumerable.Range(0, 8).Select(i => Math.Max(Gated(0, i), Gated(1, i))));
        Close.Check([.. expected.Select(x => Math.Clamp(x, -3, 3))], found, 1e-12, 1e-13, "pooled");
    }

    [Fact]
    public void Several_inputs_and_outputs()
    {
        var g = new Graph();
        Node words = g.Input("words", 6);
        Node numbers = g.Input("numbers", 4);
        Node h = Node.Concat(1, words.Apply(new Embedding(100, 8), "table").Mean(1), numbers).Apply(new Linear(12, 16), "body").Apply(new ReLU());
        using var net = g.Build(("label", h.Apply(new Linear(16, 3), "label_head")), ("price", h.Apply(new Linear(16, 1), "price_head")));
        net.Compile(
            new Adam(0.01),
            [Loss.CrossEntropy() with { Output = "label" }, Loss.MeanSquaredError() with { Output = "price", LossWeight = 0.1 }],
            [Metric.Accuracy() with { Output = "label" }],
            seed: 1);

        var random = new Random(1);
        var (wordIndices, labels) = (new int[32, 6], new long[32]);
        var (features, prices) = (new float[32, 4], new float[32, 1]);
        for (var i = 0; i < 32; i++)
        {
            labels[i] = i % 3;
            for (var j = 0; j < 6; j++)
                wordIndices[i, j] = (33 * (i % 3)) + random.Next(33);
            for (var j = 0; j < 4; j++)
                prices[i, 0] += features[i, j] = random.NextSingle();
        }
        Use(net, wordIndices, features, labels, prices);
    }

    private static void Use(GraphModel net, int[,] wordIndices, float[,] features, long[] labels, float[,] prices)
    {
        using var data = Dataset.FromArrays([new(wordIndices), new(features)], [new(labels), new(prices)]);
        var trainer = new Trainer(net);
        trainer.Fit(data, new FitOptions { Epochs = 5, BatchSize = 8 });
        Evaluation result = trainer.Evaluate(data);
        Console.WriteLine($"{result.Loss} = {result.Metrics["label_loss"]} + 0.1 * {result.Metrics["price_loss"]}");

        TensorData[] inOrder = net.Predict([new(wordIndices), new(features)]);
        IReadOnlyDictionary<string, TensorData> byName = net.Predict(new Dictionary<string, TensorData> { ["words"] = new(wordIndices), ["numbers"] = new(features) });
        TensorData price = byName["price"];

        Close.Check([result.Loss], [result.Metrics["label_loss"] + (0.1 * result.Metrics["price_loss"])], 1e-6, 0, "loss");
        Assert.Equal(inOrder[1].ToDoubles(), price.ToDoubles());
        var squares = price.ToDoubles().Select((found, i) => (found - prices[i, 0]) * (found - prices[i, 0])).Average();
        Close.Check([squares], [result.Metrics["price_loss"]], 1e-5, 0, "price");
    }

    [Fact]
    public void Further_inputs_and_outputs_of_a_layer()
    {
        var g = new Graph();
        var (x, left, right) = (g.Input("x", 5, 4), g.Input("left", 8), g.Input("right", 8));

        Node sequence = x.Apply(new LSTM(4, 8) { BatchFirst = true }, "lstm");
        Node last = sequence.Output(1);
        Node similar = left.Apply(new CosineSimilarity(), right);

        using var net = g.Build(sequence.Select(1, -1), last, similar);
        net.Build(dtype: DType.Float64, seed: 1);
        var random = new Random(4);
        double[] a = [.. Enumerable.Range(0, 8).Select(_ => random.NextDouble())], b = [.. Enumerable.Range(0, 8).Select(_ => random.NextDouble())];
        var found = net.Predict([new(new TensorView(Numbers(random).Take(20).ToArray(), [1, 5, 4])), new(new TensorView(a, [1, 8])), new(new TensorView(b, [1, 8]))]);
        Assert.Equal(found[0].ToDoubles(), found[1].ToDoubles());
        double Dot(double[] u, double[] w) => u.Zip(w, (s, t) => s * t).Sum();
        Close.Check([Dot(a, b) / Math.Sqrt(Dot(a, a) * Dot(b, b))], found[2].ToDoubles(), 1e-12, 0, "cosine");
    }

    [Fact]
    public void Shared_weights()
    {
        var g = new Graph();
        SharedLayer encoder = g.Share(new Block(new Linear(4, 8), new Tanh()), "encoder");
        Node a = encoder.Apply(g.Input("a", 4));
        Node b = encoder.Apply(g.Input("b", 4));
        using var twins = g.Build(("distance", ((a - b) * (a - b)).Sum(1)));
        twins.Build(seed: 1);

        Assert.Equal(["encoder.0.weight", "encoder.0.bias"], twins.ListState().Select(entry => entry.Name));
        var (weight, bias) = (twins.GetState()["encoder.0.weight"].ToDoubles(), twins.GetState()["encoder.0.bias"].ToDoubles());
        float[] p = [1, 0.5f, -1, 2], q = [0, 1, 0.25f, -0.5f];
        double Encoded(float[] x, int row) => Math.Tanh(bias[row] + Enumerable.Range(0, 4).Sum(i => weight[(4 * row) + i] * x[i]));
        var expected = Enumerable.Range(0, 8).Sum(row => Math.Pow(Encoded(p, row) - Encoded(q, row), 2));
        var found = twins.Predict([new(new TensorView(p, [1, 4])), new(new TensorView(q, [1, 4]))]);
        Close.Check([expected], found[0].ToDoubles(), 1e-5, 0, "distance");
    }

    public sealed record GatedResidual(int Width) : CustomLayer
    {
        public double Start { get; init; } = 0.1;

        protected override Node Forward(Node input)
        {
            Node scale = Parameter("scale", [Width], Initializer.Constant(Start));
            Node gate = input.Apply(new Linear(Width, Width) { Initializers = [("bias", Initializer.Constant(-2))] }, "gate").Apply(new Sigmoid());
            return input + (scale * gate * input.Apply(new Linear(Width, Width), "value"));
        }
    }

    [Fact]
    public void A_layer_of_ones_own()
    {
        using var net = new Sequential(new Linear(4, 8), new GatedResidual(8), new GatedResidual(8) { Name = "last", Start = 0 }, new Linear(8, 2));
        net.Build(inputShape: [4], seed: 1);
        net.Freeze("last.*");

        var state = net.GetState();
        Assert.Equal(
            ["0.weight", "0.bias", "1.scale", "1.gate.weight", "1.gate.bias", "1.value.weight", "1.value.bias"],
            net.ListState().Select(entry => entry.Name).Take(7));
        Assert.All(state["1.gate.bias"].ToDoubles(), x => Assert.Equal(-2, x));
        Assert.All(state["1.scale"].ToDoubles(), x => Assert.Equal(0.1f, x));
        Assert.All(state["last.scale"].ToDoubles(), x => Assert.Equal(0, x));
        Assert.All(net.ListState(), entry => Assert.Equal(!entry.Name.StartsWith("last.", StringComparison.Ordinal), entry.Trainable));
    }

    [Fact]
    public void Models_as_layers_and_features()
    {
        using var body = new Sequential(new Linear(4, 8), new ReLU(), new Linear(8, 8));
        using var whole = new Sequential(body.AsLayer("body"), new ReLU(), new Linear(8, 2) { Name = "head" });
        whole.Build(seed: 1);

        float[,] points = { { 1, 2, 3, 4 }, { 0, -1, 1, 0.5f } };
        using Predictor features = whole.CreatePredictor("body.2", "head");
        TensorData[] found = features.Predict([new(points)]);

        Assert.Equal([2, 8], found[0].Shape);
        Assert.Equal(whole.Predict(points).ToDoubles(), found[1].ToDoubles());
    }

    [Fact]
    public void A_ready_model() => InOwnFolder.Run(_ =>
    {
        using (var trained = ResNet.ResNet18(classes: 4))
        {
            trained.Build(seed: 2);
            trained.Save("resnet18.safetensors");
        }

        using GraphModel resnet = ResNet.ResNet18(classes: 10);
        resnet.Compile(new SGD(0.01) { Momentum = 0.9 }, Loss.CrossEntropy(), inputShape: [3, 32, 32], seed: 1);
        LoadReport report = resnet.Load("resnet18.safetensors", strict: false);
        resnet.Freeze();
        resnet.Unfreeze("fc.*");
        using Predictor stage = resnet.CreatePredictor("layer3.1", "fc");

        Assert.Equal(["fc.bias", "fc.weight"], report.Mismatched.Select(entry => entry.Name).Order(StringComparer.Ordinal));
        Assert.Equal(["fc.weight", "fc.bias"], resnet.ListState().Where(entry => entry.Trainable).Select(entry => entry.Name));
        Assert.Equal([1, 256, 2, 2], stage.Predict([new(new TensorView(new float[3 * 32 * 32], [1, 3, 32, 32]))])[0].Shape);
    });

    private static double[] Numbers(Random random) => [.. Enumerable.Range(0, 32).Select(_ => (2 * random.NextDouble()) - 1)];

    private static TensorData Rows(double[] values) => new(new TensorView(values, [1, 2, 16]));
}
