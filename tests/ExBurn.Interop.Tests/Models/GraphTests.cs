using ExBurn.Tests.Support;

namespace ExBurn.Tests.Models;

/// <summary>The functional form: nodes, several inputs and outputs, shared layers, custom layers, sub-models.</summary>
public sealed class GraphTests
{
    private static readonly double[] X = [0.5, -1, 2, 3, 0.25, -0.75];

    private static TensorData Data(double[] values, params int[] shape) => new(new TensorView(values, shape));

    private static void Set(Model model, params (string Name, double[] Values, int[] Shape)[] state)
        => model.SetState(state.ToDictionary(entry => entry.Name, entry => Data(entry.Values, entry.Shape)));

    [Fact]
    public void Operators_compute_what_they_say()
    {
        var g = new Graph();
        var x = g.Input("x", 3);
        using var model = g.Build(
            ("sum", 1 - (2 * x + 1) / 4),
            ("product", x * x - x),
            ("quotient", 2 / (x + 10)),
            ("power", (x.Pow(2) + 1).Sqrt()),
            ("choice", x.Greater(g.Constant([0])).Where(x, -x)),
            ("mean", x.Mean(1)),
            ("max", x.Max([1], keepDim: true)),
            ("slice", x.Slice(1, -2)),
            ("clamp", x.Clamp(-0.5, 0.5)));
        model.Build(dtype: DType.Float64);
        var found = model.Predict(new Dictionary<string, TensorData> { ["x"] = Data(X, 2, 3) });
        void Expect(string name, IEnumerable<double> values) => Close.Check(values.ToArray(), found[name].ToDoubles(), 1e-14, 1e-15, name);
        Expect("sum", X.Select(v => 1 - (2 * v + 1) / 4));
        Expect("product", X.Select(v => v * v - v));
        Expect("quotient", X.Select(v => 2 / (v + 10)));
        Expect("power", X.Select(v => Math.Sqrt(v * v + 1)));
        Expect("choice", X.Select(Math.Abs));
        Expect("mean", [1.5 / 3, 2.5 / 3]);
        Expect("max", [2, 3]);
        Expect("slice", [-1, 2, 0.25, -0.75]);
        Expect("clamp", X.Select(v => Math.Max(-0.5, Math.Min(0.5, v))));
        Assert.Equal([2, 1], found["max"].Shape);
    }

    [Fact]
    public void Nodes_are_joined_split_and_rearranged()
    {
        var g = new Graph();
        var x = g.Input("x", 2, 3);
        var parts = x.Split(2, 1, 2);
        using var model = g.Build(
            ("joined", Node.Concat(2, parts[1], parts[0])),
            ("stacked", Node.Stack(1, parts[0].Squeeze(2), x.Select(2, -1))),
            ("turned", x.Permute(0, 2, 1).Reshape(0, -1)),
            ("product", x.MatMul(x.Transpose(1, 2))));
        model.Build(dtype: DType.Float64);
        var found = model.Predict([Data(X, 1, 2, 3)]);
        Assert.Equal([-1, 2, 0.5, 0.25, -0.75, 3], found[0].ToDoubles());
        Assert.Equal([0.5, 3, 2, -0.75], found[1].ToDoubles());
        Assert.Equal([1, 6], found[2].Shape);
        Assert.Equal([0.5, 3, -1, 0.25, 2, -0.75], found[2].ToDoubles());
        Assert.Equal([5.25, -0.25, -0.25, 9.625], found[3].ToDoubles());
    }

    /// <summary>One weight used three times: the gradient is the sum over its uses, by the formula of each.</summary>
    [Fact]
    public void A_shared_layer_has_one_weight_and_the_sum_of_the_gradients()
    {
        var g = new Graph();
        var (a, b) = (g.Input("a", 1), g.Input("b", 1));
        var twice = g.Share(new Linear(1, 1) { Bias = false }, "w");
        using var model = g.Build(twice.Apply(a) + twice.Apply(twice.Apply(b)));
        model.Compile(new SGD(1), Loss.MeanSquaredError() with { Reduction = Reduction.Sum }, dtype: DType.Float64);
        Assert.Equal(["w.weight"], model.ListState().Select(entry => entry.Name));
        Assert.Equal(1, model.Summary().Parameters);
        const double w = 0.5, p = 3, q = -2, t = 1;
        Set(model, ("w.weight", [w], [1, 1]));
        // y = w p + w w q; dL/dw = 2 (y - t) (p + 2 w q).
        var y = w * p + w * w * q;
        new Trainer(model).TrainStep([Data([p], 1, 1), Data([q], 1, 1)], [Data([t], 1, 1)]);
        Close.Check([w - 2 * (y - t) * (p + 2 * w * q)], model.GetState()["w.weight"].ToDoubles(), 1e-14, 0, "w");
    }

    /// <summary>Running statistics move once per application, the second from where the first left them.</summary>
    [Fact]
    public void A_shared_batch_norm_goes_on_from_its_last_application()
    {
        var g = new Graph();
        var (a, b) = (g.Input("a", 1), g.Input("b", 1));
        var norm = g.Share(new BatchNorm1d(1) { Momentum = 0.5 }, "bn");
        using var model = g.Build(norm.Apply(a) + norm.Apply(b));
        model.Compile(new SGD(0.1), Loss.MeanSquaredError(), dtype: DType.Float64);
        new Trainer(model).TrainStep([Data([1, 3], 2, 1), Data([10, 30], 2, 1)], [Data([0, 0], 2, 1)]);
        // 0 -> (0 + 2) / 2 = 1 -> (1 + 20) / 2; the unbiased variances are 2 and 200, from 1.
        Assert.Equal([10.5], model.GetState()["bn.running_mean"].ToDoubles());
        Assert.Equal([(1.5 + 200) / 2], model.GetState()["bn.running_var"].ToDoubles());
        Assert.Equal([2L], model.GetState()["bn.num_batches_tracked"].AsSpan<long>().ToArray());
    }

    [Fact]
    public void Several_outputs_train_on_the_weighted_sum_of_their_losses()
    {
        var g = new Graph();
        var x = g.Input("x", 1);
        using var model = g.Build(("first", x.Apply(new Linear(1, 1) { Bias = false }, "u")), ("second", x.Apply(new Linear(1, 1) { Bias = false }, "v")));
        model.Compile(
            new SGD(0.1),
            [Loss.MeanSquaredError() with { Output = "second", LossWeight = 0.25 }, Loss.MeanSquaredError() with { Output = "first" }],
            [Metric.MeanAbsoluteError() with { Output = "second" }],
            dtype: DType.Float64);
        Set(model, ("u.weight", [2], [1, 1]), ("v.weight", [3], [1, 1]));
        // x = 2: u x = 4 against 1, v x = 6 against 10.
        var step = new Trainer(model).TrainStep([Data([2], 1, 1)], [Data([10], 1, 1), Data([1], 1, 1)]);
        Close.Check([0.25 * 16 + 9], [step.Loss], 1e-14, 0, "loss");
        Assert.Equal(["mean_absolute_error", "second_loss", "first_loss"], step.Metrics.Names);
        Close.Check([4, 16, 9], step.Metrics.Select(metric => metric.Value).ToArray(), 1e-14, 0, "metrics");
        Close.Check([2 - 0.1 * 2 * 3 * 2], model.GetState()["u.weight"].ToDoubles(), 1e-14, 0, "u");
        Close.Check([3 + 0.1 * 0.25 * 2 * 4 * 2], model.GetState()["v.weight"].ToDoubles(), 1e-14, 0, "v");
    }

    [Fact]
    public void Fit_and_evaluate_take_several_inputs_and_targets()
    {
        var g = new Graph();
        var joined = Node.Concat(1, g.Input("a", 1), g.Input("b", 2));
        using var model = g.Build(("sum", joined.Apply(new Linear(3, 1), "sum")), ("sign", joined.Apply(new Linear(3, 2), "sign")));
        model.Compile(new Adam(0.05), [Loss.MeanSquaredError(), Loss.CrossEntropy()], [Metric.Accuracy() with { Output = "sign" }], seed: 3);
        var random = new Random(5);
        var (a, b) = (new float[64], new float[128]);
        var (sums, signs) = (new float[64], new int[64]);
        for (var i = 0; i < 64; i++)
        {
            (a[i], b[2 * i], b[2 * i + 1]) = ((float)random.NextDouble() - 0.5f, (float)random.NextDouble() - 0.5f, (float)random.NextDouble() - 0.5f);
            sums[i] = a[i] + b[2 * i] + b[2 * i + 1];
            signs[i] = sums[i] > 0 ? 1 : 0;
        }
        using var data = Dataset.FromArrays(
            [new(new TensorView(a, [64, 1])), new(new TensorView(b, [64, 2]))], [new(new TensorView(sums, [64, 1])), new(new TensorView(signs, [64]))]);
        var trainer = new Trainer(model);
        trainer.Fit(data, new() { Epochs = 40, BatchSize = 16 });
        var result = trainer.Evaluate(data);
        Assert.True(result.Metrics["sum_loss"] < 1e-3, result.ToString());
        Assert.True(result.Accuracy > 0.95, result.ToString());
        Close.Check([result.Metrics["sum_loss"] + result.Metrics["sign_loss"]], [result.Loss], 1e-6, 0, "total");
    }

    private sealed record Gate(int Features) : CustomLayer
    {
        protected override Node Forward(Node input)
            => input * (input.Apply(new Linear(Features, Features), "gate") + Parameter("offset", [Features])).Apply(new Sigmoid());
    }

    [Fact]
    public void A_custom_layer_is_used_saved_and_frozen_as_a_built_in_one()
    {
        using var model = new Sequential(new Gate(2), new Gate(2) { Name = "last", Trainable = false });
        model.Compile(new SGD(0.1), Loss.MeanSquaredError(), inputShape: [2], dtype: DType.Float64, seed: 1);
        Assert.Equal(
            ["0.gate.weight", "0.gate.bias", "0.offset", "last.gate.weight", "last.gate.bias", "last.offset"], model.ListState().Select(entry => entry.Name));
        Assert.Equal([true, true, true, false, false, false], model.ListState().Select(entry => entry.Trainable));
        Set(model,
            ("0.gate.weight", [1, 2, 3, 4], [2, 2]), ("0.gate.bias", [0.5, -0.5], [2]), ("0.offset", [0.25, 0.75], [2]),
            ("last.gate.weight", [0, 0, 0, 0], [2, 2]), ("last.gate.bias", [0, 0], [2]), ("last.offset", [0, 0], [2]));
        static double S(double z) => 1 / (1 + Math.Exp(-z));
        Close.Check([0.5 * 0.3 * S(0.3 - 0.4 + 0.75), 0.5 * -0.2 * S(0.9 - 0.8 + 0.25)], model.Predict(Data([0.3, -0.2], 1, 2)).ToDoubles(), 1e-14, 0, "gates");
        new Trainer(model).TrainStep([Data([0.3, -0.2], 1, 2)], [Data([1, 1], 1, 2)]);
        Assert.NotEqual([0.25, 0.75], model.GetState()["0.offset"].ToDoubles());
        Assert.Equal([0, 0], model.GetState()["last.offset"].ToDoubles());
        Assert.Equal(new Gate(2), new Gate(2));
    }

    [Fact]
    public void A_shared_custom_layer_shares_its_parts()
    {
        var g = new Graph();
        var gate = g.Share(new Gate(2), "g");
        using var model = g.Build(gate.Apply(gate.Apply(g.Input("x", 2))));
        model.Build();
        Assert.Equal(["g.gate.weight", "g.gate.bias", "g.offset"], model.ListState().Select(entry => entry.Name));
    }

    [Fact]
    public void A_model_is_a_layer_of_another()
    {
        using var inner = new Sequential(new Linear(2, 3), new ReLU());
        using var outer = new Sequential(inner.AsLayer("body"), new Block(new Linear(3, 3), new Tanh()), new Linear(3, 1) { Name = "head" });
        outer.Build(seed: 1);
        Assert.Equal(
            ["body.0.weight", "body.0.bias", "1.0.weight", "1.0.bias", "head.weight", "head.bias"], outer.ListState().Select(entry => entry.Name));
    }

    [Fact]
    public void Features_of_a_named_layer_come_out()
    {
        using var model = new Sequential(new Linear(3, 2), new ReLU(), new Linear(2, 1));
        model.Build(dtype: DType.Float64, seed: 4);
        using var features = model.CreatePredictor("1", "0");
        var found = features.Predict([Data(X, 2, 3)]);
        Assert.Equal(["1", "0"], features.OutputNames);
        Assert.Equal(found[1].ToDoubles().Select(v => Math.Max(v, 0)), found[0].ToDoubles());
        var error = Assert.Throws<NameNotFoundException>(() => model.CreatePredictor("5"));
        Assert.Contains("there are: 0, 1, 2", error.Message);
    }

    [Fact]
    public void Sample_weights_count_rows_as_often_as_they_say()
    {
        static double[] Weight(TensorData? weights, double[] x, double[] t)
        {
            using var model = new Sequential(new Linear(1, 1) { Bias = false });
            model.Compile(new SGD(0.1), Loss.MeanSquaredError(), inputShape: [1], dtype: DType.Float64);
            Set(model, ("0.weight", [0.5], [1, 1]));
            var step = new Trainer(model).TrainStep([Data(x, x.Length, 1)], [Data(t, t.Length, 1)], sampleWeights: weights);
            return [step.Loss, .. model.GetState()["0.weight"].ToDoubles()];
        }
        // Weights 2, 0, 1 are the same as rows repeated so often.
        Close.Check(Weight(null, [1, 1, 3], [2, 2, -1]), Weight(Data([2, 0, 1], 3), [1, 5, 3], [2, 9, -1]), 1e-14, 0, "weighted");
        Assert.Contains("expected at least 0", Assert.ThrowsAny<Exception>(() => Weight(Data([1, -1, 1], 3), [1, 5, 3], [2, 9, -1])).Message);
        Assert.Throws<ShapeMismatchException>(() => Weight(Data([1, 1], 2), [1, 5, 3], [2, 9, -1]));
    }

    [Fact]
    public void Mistakes_are_named()
    {
        var g = new Graph();
        var x = g.Input("x", 3);
        Assert.Contains("'x' is used twice", Assert.Throws<ArgumentException>(() => g.Input("x", 2)).Message);
        x.Apply(new Linear(3, 2), "fc");
        Assert.Contains("'fc' is used twice", Assert.Throws<ArgumentException>(() => x.Apply(new ReLU(), "fc")).Message);
        Assert.Contains("of another graph", Assert.Throws<ArgumentException>(() => new Graph().Input("y", 3) + x).Message);
        Assert.Throws<ArgumentException>(() => g.Build());
        g.Input("unused", 1);
        Assert.Contains("'unused' is not used", Assert.Throws<ArgumentException>(() => g.Build(x.Apply(new ReLU()))).Message);
        Assert.Throws<ArgumentException>(() => x.Apply(new ReLU(), "a:b"));
        Assert.Throws<ArgumentException>(() => Node.Concat(0));
        Assert.Throws<DivideByZeroException>(() => x / 0);
        var zeros = new Gate(3) { Initializers = [("gate.bias", Initializer.Zeros)] };
        Assert.Contains("Gate is composed of other layers", Assert.Throws<ArgumentException>(() => x.Apply(zeros, "gated")).Message);

        var wrong = new Graph();
        var y = wrong.Input("y", 3);
        using var mismatched = wrong.Build(y.Apply(new Linear(3, 2), "a") + y);
        Assert.Contains("layer 'add' (Add)", Assert.Throws<ShapeMismatchException>(() => mismatched.Build()).Message);
        var arity = new Graph();
        using var two = arity.Build(arity.Input("z", 3).Apply(new Linear(3, 2), "lin").Output(1));
        Assert.Contains("lin:1", Assert.ThrowsAny<Exception>(() => two.Build()).Message);
        using var single = new Sequential(new Linear(1, 1));
        Assert.Contains("no output 'head'", Assert.Throws<ArgumentException>(
            () => single.Compile(new SGD(0.1), [Loss.MeanSquaredError() with { Output = "head" }])).Message);
    }
}
