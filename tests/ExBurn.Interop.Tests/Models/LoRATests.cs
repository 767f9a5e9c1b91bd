using ExBurn.Models.Zoo;
using ExBurn.Tests.Support;
using ExBurn.Tests.Training;

namespace ExBurn.Tests.Models;

/// <summary>Low-rank adapters against the formula of Hu et al. (2021): y = W x + b + alpha/rank · B A x.</summary>
public sealed class LoRATests
{
    private static readonly double[] s_w = [0.5, -1, 2, 0.25, 1.5, -0.75];
    private static readonly double[] s_a = [1, -2, 0.5, 0.25, 3, -1];
    private static readonly double[] s_b = [0.5, -1, 2, 1];
    private static readonly double[] s_x = [1, 2, -1];
    private const double Scale = 3.0 / 2;

    private static TensorData Data(double[] values, params long[] shape) => new(new TensorView(values, shape));

    private static double[] Predict(Model model, TensorData input) => model.Predict([input])[0].ToDoubles();

    private static TensorData Noise(int seed, params long[] shape)
    {
        var random = new Random(seed);
        return Data([.. Enumerable.Range(0, (int)shape.Aggregate((a, b) => a * b)).Select(_ => random.NextDouble() - 0.5)], shape);
    }

    private static void Set(Model model, params (string Name, TensorData Value)[] entries)
        => model.SetState(entries.ToDictionary(entry => entry.Name, entry => entry.Value), strict: false);

    /// <summary>Gives the adapters' B other numbers than zero.</summary>
    private static void Disturb(Model model)
        => Set(model, [.. model.ListState().Where(entry => entry.Name.EndsWith("lora_B.weight", StringComparison.Ordinal))
            .Select((entry, i) => (entry.Name, Noise(50 + i, [.. Enumerable.Range(0, entry.Shape.Rank).Select(d => (long)entry.Shape[d])])))]);

    private static double[] Times(double[] matrix, double[] x, int rows)
        => [.. Enumerable.Range(0, rows).Select(r => x.Select((v, c) => matrix[(r * x.Length) + c] * v).Sum())];

    private static void Near(double[] expected, double[] found, double limit)
    {
        Assert.Equal(expected.Length, found.Length);
        Assert.All(expected.Zip(found), pair => Assert.True(Math.Abs(pair.First - pair.Second) <= limit, $"{pair.First} {pair.Second}"));
    }

    private static Sequential Known(double dropout = 0)
    {
        var model = new Sequential(new Linear(3, 2) { Bias = false });
        model.Compile(new SGD(0.1), Loss.MeanSquaredError(), inputShape: [3], dtype: DType.Float64, seed: 3);
        Set(model, ("0.weight", Data(s_w, 2, 3)));
        Assert.Equal(1, model.AddLoRA("0", rank: 2, alpha: 3, dropout: dropout));
        Set(model, ("0.lora_A.weight", Data(s_a, 2, 3)), ("0.lora_B.weight", Data(s_b, 2, 2)));
        return model;
    }

    [Fact]
    public void Outputs_follow_the_formula()
    {
        using var model = Known();
        var expected = Times(s_w, s_x, 2).Zip(Times(s_b, Times(s_a, s_x, 2), 2), (y, change) => y + (Scale * change)).ToArray();
        Near(expected, Predict(model, Data(s_x, 1, 3)), 1e-12);
        using var layer = model.CreatePredictor("0");
        Near(expected, layer.Predict([Data(s_x, 1, 3)])[0].ToDoubles(), 1e-12);
        Assert.Equal(["0.weight", "0.lora_A.weight", "0.lora_B.weight"], model.ListState().Select(entry => entry.Name));
        Assert.Equal(1, model.MergeLoRA());
        Near(expected, Predict(model, Data(s_x, 1, 3)), 1e-12);
    }

    [Fact]
    public void A_step_follows_the_gradients_of_the_formula()
    {
        using var model = Known();
        double[] target = [0.5, -2];
        var y = Predict(model, Data(s_x, 1, 3));
        // Mean squared error over two numbers.
        double[] g = [y[0] - target[0], y[1] - target[1]];
        var ax = Times(s_a, s_x, 2);
        new Trainer(model).TrainStep([Data(s_x, 1, 3)], [Data(target, 1, 2)]);
        var state = model.GetState();
        Near([.. s_b.Select((b, i) => b - (0.1 * Scale * g[i / 2] * ax[i % 2]))], state["0.lora_B.weight"].ToDoubles(), 1e-12);
        Near(
            [.. s_a.Select((a, i) => a - (0.1 * Scale * ((s_b[i / 3] * g[0]) + (s_b[2 + (i / 3)] * g[1])) * s_x[i % 3]))],
            state["0.lora_A.weight"].ToDoubles(), 1e-12);
        Assert.Equal(s_w, state["0.weight"].ToDoubles());
    }

    [Fact]
    public void Dropout_acts_on_the_adapter_in_training_only()
    {
        using var plain = Known();
        using var dropping = Known(dropout: 0.9);
        Assert.Equal(Predict(plain, Data(s_x, 1, 3)), Predict(dropping, Data(s_x, 1, 3)));
        double Train(Model model) => new Trainer(model).TrainStep([Data(s_x, 1, 3)], [Data([0.5, -2], 1, 2)]).Loss;
        Assert.NotEqual(Train(plain), Train(dropping));
    }

    [Fact]
    public void Only_adapters_change_in_training_and_what_was_frozen_comes_back()
    {
        using var model = Blobs.Model(inside: [new BatchNorm1d(16)]);
        using var train = Blobs.Dataset();
        model.Freeze("0.bias");
        var (names, marks) = (model.ListState(), model.Summary().TrainableParameters);
        Assert.Equal(2, model.AddLoRA("*", rank: 2));
        Assert.Equal(2 * (2 + 16 + 16 + 3), model.Summary().TrainableParameters);
        Assert.True(model.Summary().Layers[0].IsFrozen);
        var before = model.GetState();
        new Trainer(model).Fit(train, new() { Epochs = 2 });
        Assert.All(model.GetState(), entry =>
            Assert.Equal(!entry.Key.Contains(".lora_", StringComparison.Ordinal), entry.Value.Bytes.SequenceEqual(before[entry.Key].Bytes)));

        model.MergeLoRA();
        Assert.Equal(names, model.ListState());
        Assert.Equal(marks, model.Summary().TrainableParameters);
        Assert.Empty(model.LoRALayers);
        Assert.False(model.GetState()["0.weight"].Bytes.SequenceEqual(before["0.weight"].Bytes));
        new Trainer(model).Fit(train);
    }

    [Fact]
    public void The_others_can_stay_as_they_are()
    {
        using var model = Blobs.Model();
        var trained = model.Summary().TrainableParameters;
        model.AddLoRA("0", rank: 1, freezeOthers: false);
        Assert.Equal(trained + 2 + 16, model.Summary().TrainableParameters);
    }

    [Theory]
    [InlineData(DType.Float32, 1e-6)]
    [InlineData(DType.Float64, 1e-12)]
    public void Adapters_change_nothing_at_first_and_merging_keeps_what_they_did(DType dtype, double limit)
    {
        using var model = new Sequential(
            new Conv2d(2, 4, 3) { Padding = Padding2.Same, PaddingMode = PaddingMode.Reflect }, new ReLU(), new Conv2d(4, 3, (3, 2)) { Stride = 2 },
            new Flatten(), new Linear(12, 5));
        model.Build(inputShape: [2, 6, 5], dtype: dtype, seed: 5);
        TensorData x = dtype == DType.Float64 ? Noise(1, 2, 2, 6, 5) : new(new TensorView(Noise(1, 2, 2, 6, 5).ToSingles(), [2, 2, 6, 5]));
        var before = Predict(model, x);
        Assert.Equal(3, model.AddLoRA("*", rank: 3, alpha: 6));
        Assert.Equal(before, Predict(model, x));
        (Shape down, Shape up) = ([3, 2, 3, 3], [4, 3, 1, 1]);
        Assert.Equal(down, model.GetState()["0.lora_A.weight"].Shape);
        Assert.Equal(up, model.GetState()["0.lora_B.weight"].Shape);
        Disturb(model);
        var changed = Predict(model, x);
        Assert.True(before.Zip(changed, (a, b) => Math.Abs(a - b)).Max() > 0.01);
        Assert.Equal(3, model.MergeLoRA());
        Near(changed, Predict(model, x), limit);
    }

    [Fact]
    public void A_shared_layer_has_one_adapter()
    {
        var g = new Graph();
        var shared = g.Share(new Linear(3, 3), "s");
        using var model = g.Build(shared.Apply(shared.Apply(g.Input("x", 3)).Apply(new Tanh())));
        model.Build(dtype: DType.Float64, seed: 2);
        Assert.Equal(1, model.AddLoRA("s", rank: 2));
        Assert.Equal(["s.weight", "s.bias", "s.lora_A.weight", "s.lora_B.weight"], model.ListState().Select(entry => entry.Name));
        Disturb(model);
        using var copy = model.Clone();
        var x = Noise(4, 5, 3);
        var changed = Predict(model, x);
        Assert.Equal(changed, Predict(copy, x));
        copy.MergeLoRA();
        Near(changed, Predict(copy, x), 1e-12);
        Assert.Equal(["s"], model.LoRALayers);
    }

    [Fact]
    public void Adapters_alone_are_saved_and_loaded()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "adapters.safetensors");
        using var model = Known();
        model.SaveLoRA(path);
        using (var file = WeightsFile.Open(path))
            Assert.Equal(["0.lora_A.weight", "0.lora_B.weight"], file.Tensors.Select(tensor => tensor.Name).Order());
        using var other = Known();
        Set(other, ("0.lora_A.weight", Noise(8, 2, 3)), ("0.lora_B.weight", Noise(9, 2, 2)));
        Assert.Equal(2, other.LoadLoRA(path).Loaded.Count);
        Assert.Equal(Predict(model, Data(s_x, 1, 3)), Predict(other, Data(s_x, 1, 3)));

        other.MergeLoRA();
        Assert.Throws<InvalidOperationException>(() => other.LoadLoRA(path));
        other.AddLoRA("0", rank: 1);
        Assert.Throws<CheckpointException>(() => other.LoadLoRA(path));
        Assert.Throws<CheckpointException>(() => model.SaveLoRA(Path.Combine(folder.Path, "none", "a")));
    }

    [Fact]
    public void Names_of_PEFT_are_understood()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "adapter_model.safetensors");
        using var model = Known();
        File.WriteAllBytes(path, SafeTensors.Write(new Dictionary<string, TensorData>
        {
            ["base_model.model.0.lora_A.weight"] = Data(s_b.Concat(s_b).Take(6).ToArray(), 2, 3),
            ["base_model.model.0.lora_B.weight"] = Data(s_a.Take(4).ToArray(), 2, 2),
        }));
        model.LoadLoRA(path);
        Assert.Equal(s_a.Take(4), model.GetState()["0.lora_B.weight"].ToDoubles());
    }

    [Fact]
    public void The_projections_of_a_transformer_are_adapted()
    {
        using var model = BERT.Base(vocabulary: 20, context: 8, width: 8, layers: 2, heads: 2, dropout: 0);
        model.Build(seed: 1);
        TensorData tokens = new(new TensorView(new long[] { 1, 5, 3, 19 }, [1, 4])), zeros = new(new TensorView(new long[4], [1, 4]));
        TensorData mask = new(new TensorView(new float[] { 1, 1, 1, 0 }, [1, 4]));
        double[] Hidden() => model.Predict([.. model.InputNames.Select(name => name == "input_ids" ? tokens : name == "token_type_ids" ? zeros : mask)])[0].ToDoubles();
        var before = Hidden();
        Assert.Equal(4, model.AddLoRA("*.query", rank: 2) + model.AddLoRA("*.value", rank: 2));
        Assert.Equal(4 * 2 * 16, model.Summary().TrainableParameters);
        Assert.Equal(before, Hidden());
    }

    [Fact]
    public void Bad_input_is_told()
    {
        using var model = new Sequential(new Linear(2, 4) { Name = "first" }, new ReLU(), new Linear(4, 1) { Name = "last" });
        Assert.Throws<InvalidOperationException>(() => model.AddLoRA("*"));
        model.Build();
        Assert.Contains("there are: first, last", Assert.Throws<NameNotFoundException>(() => model.AddLoRA("1")).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => model.AddLoRA(null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.AddLoRA("*", rank: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.AddLoRA("*", alpha: double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => model.AddLoRA("*", dropout: 1));
        Assert.Throws<InvalidOperationException>(() => model.MergeLoRA());
        Assert.Throws<InvalidOperationException>(() => model.SaveLoRA("x"));
        model.AddLoRA("first");
        Assert.Contains("first", Assert.Throws<InvalidOperationException>(() => model.AddLoRA("*")).Message, StringComparison.Ordinal);
        Assert.Equal(1, model.AddLoRA("last"));
    }
}
