using ExBurn.Tests.Layers;
using ExBurn.Tests.Losses;
using ExBurn.Tests.Optimizers;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Tensors;

/// <summary>Whole loops with tensors, against PyTorch's numbers.</summary>
public sealed class TensorTrainingTests : IDisposable
{
    private readonly TensorScope _scope = new();

    public void Dispose() => _scope.Dispose();

    /// <summary>The fixed network of notes section 13: tanh, XOR, squared error, SGD 0.1; numbers computed in float64.</summary>
    [Theory]
    [MemberData(nameof(On.All), MemberType = typeof(On))]
    public void The_fixed_network_learns_as_in_PyTorch(string device)
    {
        var on = On.Device(device);
        var dtype = device == "gpu" ? DType.Float32 : DType.Float64;
        var tolerance = device == "gpu" ? 1e-4 : 1e-9;
        Tensor Of(double[,] values) => Tensor.FromArray(values, dtype, on);
        var x = Of(new double[,] { { 0, 0 }, { 0, 1 }, { 1, 0 }, { 1, 1 } });
        var y = Of(new double[,] { { 0 }, { 1 }, { 1 }, { 0 } });
        var w1 = Of(new double[,] { { .5, -.3 }, { .2, .8 } }).RequiresGrad();
        var b1 = Tensor.FromArray(new[] { .1, -.1 }, dtype, on).RequiresGrad();
        var w2 = Of(new double[,] { { 1, -1 } }).RequiresGrad();
        var b2 = Tensor.FromArray(new[] { 0.0 }, dtype, on).RequiresGrad();
        using var optimizer = new SGD(0.1).For(w1, b1, w2, b2);
        Tensor Forward() => new Linear(2, 1).Apply(new Linear(2, 2).Apply(x, w1, b1).Tanh(), w2, b2);

        var losses = new List<double>();
        for (var step = 0; step < 4; step++)
        {
            optimizer.ZeroGrad();
            var loss = Loss.MeanSquaredError().Apply(Forward(), y);
            losses.Add(loss.Item());
            if (step == 3)
                break;
            loss.Backward();
            if (step == 0)
            {
                Support.Close.Check([-.394633239759, -1.0602361392, .381981120016, .675285187545], w1.Grad!.ToData().ToDoubles(), tolerance, 1e-6, "W1");
                Support.Close.Check([-1.16173159841, .855122035692], b1.Grad!.ToData().ToDoubles(), tolerance, 1e-6, "b1");
                Support.Close.Check([-.025235254762, -.734636987197], w2.Grad!.ToData().ToDoubles(), tolerance, 1e-6, "W2");
                Support.Close.Check([-1.29500539673], b2.Grad!.ToData().ToDoubles(), tolerance, 1e-6, "b2");
            }
            optimizer.Step();
        }
        Support.Close.Check([.94579124746, .506965083075, .412906084097, .376517863388], losses.ToArray(), tolerance, 1e-6, "losses");
        Support.Close.Check([.536867475372, -.0862889634137, .158093726175, .658212839439], w1.ToData().ToDoubles(), tolerance, 1e-6, "W1");
        Support.Close.Check([.279196929925, -.224510319893], b1.ToData().ToDoubles(), tolerance, 1e-6, "b1");
        Support.Close.Check([.997857104508, -.868926186321], w2.ToData().ToDoubles(), tolerance, 1e-6, "W2");
        Support.Close.Check([.191013274808], b2.ToData().ToDoubles(), tolerance, 1e-6, "b2");
    }

    public static TheoryData<int> OptimizerCasesOfOneGroup
    {
        get
        {
            var data = new TheoryData<int>();
            var all = ReferenceCases.Read("optimizers.json");
            for (var i = 0; i < all.Count; i++)
                if (all[i].TryGetProperty("optimizer", out _) && !all[i].GetProperty("config").TryGetProperty("clip_global_norm", out _)
                    && !all[i].GetProperty("config").TryGetProperty("frozen", out _) && OptimizerCases.Make(all[i], name => name) is { Groups.Count: 0 })
                    data.Add(i);
            return data;
        }
    }

    [Fact]
    public void There_are_optimizers_to_compare() => Assert.True(OptimizerCasesOfOneGroup.Count > 20);

    [Theory]
    [MemberData(nameof(OptimizerCasesOfOneGroup))]
    public void Steps_are_PyTorchs(int index)
    {
        foreach (var device in new[] { Device.Cpu, Device.NdArray })
        {
            using var scope = new TensorScope();
            var all = ReferenceCases.Read("optimizers.json");
            var (one, start) = (all[index], all.First(entry => entry.TryGetProperty("initial_params", out var _)));
            var parameters = ReferenceCases.Table(start, "initial_params").ToDictionary(
                entry => entry.Key, entry => Tensor.FromArray(entry.Value.Data, entry.Value.Shape, device: device).RequiresGrad());
            using var optimizer = OptimizerCases.Make(one, name => name)!.For([.. parameters.Values]);
            var steps = one.GetProperty("params_after_each_step").EnumerateArray().ToArray();
            for (var step = 0; step < steps.Length; step++)
            {
                foreach (var (name, parameter) in parameters)
                {
                    var gradient = ReferenceCases.Array(start.GetProperty("grads")[step].GetProperty(name));
                    parameter.Grad = Tensor.FromArray(gradient.Data, gradient.Shape, device: device);
                }
                optimizer.Step();
                foreach (var (name, parameter) in parameters)
                {
                    var expected = ReferenceCases.Array(steps[step].GetProperty(name)).Data;
                    Support.Close.Check(expected, parameter.ToArray<double>(), 1e-8, 1e-8, $"{one.GetProperty("optimizer")} step {step} {name} on {device}");
                }
            }
        }
    }

    public static TheoryData<int> LossesOfTheFile
    {
        get
        {
            var data = new TheoryData<int>();
            var all = ReferenceCases.Read("losses.json");
            for (var i = 0; i < all.Count; i++)
                if (LossCases.Make(all[i]) is not null)
                    data.Add(i);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(LossesOfTheFile))]
    public void Losses_are_PyTorchs(int index)
    {
        var one = ReferenceCases.Read("losses.json")[index];
        foreach (var device in new[] { Device.Cpu, Device.NdArray })
        {
            using var scope = new TensorScope();
            var given = ReferenceCases.Array(one.GetProperty("prediction"));
            var prediction = Tensor.FromArray(given.Data, given.Shape, device: device).RequiresGrad();
            Tensor[] targets = [.. ReferenceCases.Arrays(one, "targets").Select(target => Tensor.FromArray(LayerCases.Data(target!, DType.Float64), device: device))];
            var unreduced = one.GetProperty("reduction").GetString() == "none";
            var made = unreduced ? LossCases.Make(one)! with { Reduction = Reduction.None } : LossCases.Make(one)!;
            var loss = made.Apply(prediction, targets);
            var value = ReferenceCases.Array(one.GetProperty("value"));
            Assert.Equal(value.Shape, loss.Shape);
            Support.Close.Check(value.Data, loss.ToArray<double>(), 1e-8, 1e-8, "loss");
            if (unreduced)
            {
                var each = made.ComputeEach(LayerCases.Data(given, DType.Float64), [.. ReferenceCases.Arrays(one, "targets").Select(target => LayerCases.Data(target!, DType.Float64))]);
                Assert.Equal(value.Shape, each.Shape);
                Support.Close.Check(value.Data, each.ToDoubles(), 1e-8, 1e-8, "each");
                using var model = new Sequential(new Linear(2, 2));
                Assert.Contains("training needs one value", Assert.ThrowsAny<ArgumentException>(() => model.Compile(new SGD(1), made)).Message);
            }

            (unreduced ? loss.Sum() : loss).Backward();
            Support.Close.Check(ReferenceCases.Array(one.GetProperty("grad_of_sum")).Data, prediction.Grad!.ToArray<double>(), 1e-8, 1e-8, "gradient");
        }
    }

    public static TheoryData<int> LayersOfTheFile => LayerReferenceTests.Supported;

    [Theory]
    [MemberData(nameof(LayersOfTheFile))]
    public void Layers_are_PyTorchs(int index)
    {
        var one = ReferenceCases.Read("layers.json")[index];
        var layer = LayerCases.Make(one.GetProperty("layer").GetString()!, one.GetProperty("config"))!;
        foreach (var device in new[] { Device.Cpu, Device.NdArray })
        {
            using var scope = new TensorScope();
            Tensor Of(ReferenceArray array) => Tensor.FromArray(LayerCases.Data(array, DType.Float64), device: device);
            Tensor Leaf(ReferenceArray array) => array.Kind == "float" ? Of(array).RequiresGrad() : Of(array);
            Tensor[] inputs = [.. ReferenceCases.Arrays(one, "inputs").Select(input => Leaf(input!))];
            var gradients = ReferenceCases.Table(one, "param_grads");
            var state = ReferenceCases.Table(one, "state").ToDictionary(entry => entry.Key, entry => gradients.ContainsKey(entry.Key) ? Leaf(entry.Value) : Of(entry.Value));
            var training = one.GetProperty("training").GetBoolean();
            var outputs = layer.Apply(inputs, [.. state.Values], training);
            foreach (var (expected, output) in ReferenceCases.Arrays(one, "outputs").Zip(outputs))
            {
                Assert.Equal(expected!.Shape, output.Shape);
                Support.Close.Check(expected.Data, output.ToData().ToDoubles(), 1e-6, 1e-8, $"{layer} on {device}");
            }
            foreach (var (name, expected) in ReferenceCases.Table(one, "buffers_after"))
                Support.Close.Check(expected.Data, state[name].ToData().ToDoubles(), 1e-6, 1e-8, $"{layer} {name}");
            if (!training)
                continue;
            var total = outputs.Zip(ReferenceCases.Arrays(one, "output_grads"), (output, slope) => (output * Of(slope!)).Sum()).Aggregate((a, b) => a + b);
            total.Backward();
            foreach (var (name, expected) in gradients)
                Support.Close.Check(expected.Data, state[name].Grad!.ToArray<double>(), 1e-5, 1e-7, $"{layer} gradient of {name} on {device}");
            foreach (var (input, expected) in inputs.Zip(ReferenceCases.Arrays(one, "input_grads")))
                if (expected is not null && input.DType == DType.Float64)
                    Support.Close.Check(expected.Data, input.Grad!.ToArray<double>(), 1e-5, 1e-7, $"{layer} gradient of an input on {device}");
        }
    }

    /// <summary>PyTorch's rule: no gradient, no step, not even momentum or decay; zeros are a gradient.</summary>
    [Fact]
    public void Tensors_without_gradient_are_left_alone()
    {
        var a = Tensor.FromArray(new double[] { 1 }).RequiresGrad();
        var b = Tensor.FromArray(new double[] { 1 }).RequiresGrad();
        using var optimizer = new SGD(0.1) { WeightDecay = 0.01, Momentum = 0.9 }.For(a, b);
        a.Grad = Tensor.Zeros([1], DType.Float64);
        optimizer.Step();
        Assert.Equal((.999, 1), (a.Item(), b.Item()));
        optimizer.ZeroGrad();
        Assert.Null(a.Grad);
        optimizer.Step();
        Assert.Equal((.999, 1), (a.Item(), b.Item()));
    }

    /// <summary>The peers' fact: p = 1, g = 1 twice, rate .1, momentum .9 gives .9, then .71; and the rate is read at each step.</summary>
    [Fact]
    public void Rates_change_and_groups_keep_their_proportion()
    {
        var p = Tensor.FromArray(new double[] { 1 }).RequiresGrad();
        var q = Tensor.FromArray(new double[] { 1 }).RequiresGrad();
        using var optimizer = new SGD(0.1) { Momentum = 0.9 }.For(p).Add(new SGD(0.01), q);
        p.Grad = q.Grad = Tensor.Ones([1], DType.Float64);
        optimizer.Step();
        optimizer.Step();
        Support.Close.Check([.71, .98], [p.Item(), q.Item()], 1e-12, 0, "two steps");
        optimizer.LearningRate = 0.2;
        optimizer.Step();
        Support.Close.Check([.71 - (.2 * 2.71), .96], [p.Item(), q.Item()], 1e-12, 0, "twice the rate");
        Assert.Throws<ArgumentOutOfRangeException>(() => optimizer.LearningRate = -1);
    }

    /// <summary>Notes section 4: gradients [3, 0], [0, 4], norm 5.</summary>
    [Theory]
    [MemberData(nameof(On.Cpus), MemberType = typeof(On))]
    public void Gradients_are_clipped_together(string device)
    {
        var p = Tensor.Zeros([2], DType.Float64, On.Device(device)).RequiresGrad();
        var q = Tensor.Zeros([2], DType.Float64, On.Device(device)).RequiresGrad();
        var none = Tensor.Zeros([2], DType.Float64, On.Device(device)).RequiresGrad();
        using var optimizer = new SGD().For(p, none).Add(new SGD(), q);
        Assert.Equal(0, optimizer.ClipNorm(1));
        p.Grad = Tensor.FromArray(new[] { 3.0, 0 }, device: On.Device(device));
        q.Grad = Tensor.FromArray(new[] { 0, 4.0 }, device: On.Device(device));
        Assert.Equal(5, optimizer.ClipNorm(10), 12);
        Assert.Equal([3, 0], p.Grad!.ToArray<double>());
        Assert.Equal(5, optimizer.ClipNorm(1), 12);
        Support.Close.Check([.59999988, 0], p.Grad!.ToArray<double>(), 1e-9, 0, "p");
        Support.Close.Check([0, .79999984], q.Grad!.ToArray<double>(), 1e-9, 0, "q");
        optimizer.ClipValue(0.7);
        Support.Close.Check([0, .7], q.Grad!.ToArray<double>(), 1e-12, 0, "clipped by value");
        Assert.Null(none.Grad);
        Assert.Throws<ArgumentOutOfRangeException>(() => optimizer.ClipNorm(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => optimizer.ClipValue(double.NaN));
    }

    [Fact]
    public void Optimizers_refuse_what_they_cannot_change()
    {
        var w = Tensor.Ones([2]).RequiresGrad();
        Assert.Throws<ArgumentException>(() => new Adam().For());
        Assert.Throws<ArgumentException>(() => new Adam().For(Tensor.Ones([2])));
        Assert.Throws<ArgumentException>(() => new Adam().For(w * 2));
        Assert.Throws<ArgumentException>(() => new Adam().For(w, w));
        Assert.Throws<DTypeException>(() => new Adam().For(Tensor.Arange(3)));
        Assert.Throws<ArgumentNullException>(() => new Adam().For(null!, w));
        Assert.Throws<ArgumentException>(() => (new Adam() { Groups = [new ParameterGroup("*.bias")] }).For(w));
        using var optimizer = new Adam().For(w);
        Assert.Throws<ArgumentException>(() => optimizer.Add(new SGD(), w));
        optimizer.Dispose();
        Assert.Throws<ObjectDisposedException>(optimizer.Step);
    }

    /// <summary>A step changes the tensor itself; a graph made before it still has the old value.</summary>
    [Fact]
    public void A_step_changes_the_tensor_and_no_graph()
    {
        var w = Tensor.FromArray(new double[] { 3 }).RequiresGrad();
        using var optimizer = new SGD(1).For(w);
        var early = w * w;
        w.Grad = Tensor.Ones([1], DType.Float64);
        optimizer.Step();
        Assert.Equal(2, w.Item());
        w.ZeroGrad();
        early.Sum().Backward();
        Assert.Equal(6, w.Grad!.Item());
    }

    /// <summary>Accumulating halves of a batch gives the batch's gradient.</summary>
    [Fact]
    public void Accumulated_halves_are_the_whole()
    {
        var x = Tensor.RandomNormal([8, 3], dtype: DType.Float64, seed: 1);
        var y = Tensor.RandomNormal([8, 1], dtype: DType.Float64, seed: 2);
        var w = Tensor.RandomNormal([1, 3], dtype: DType.Float64, seed: 3).RequiresGrad();
        var layer = new Linear(3, 1) { Bias = false };
        Loss.MeanSquaredError().Apply(layer.Apply(x, w), y).Backward();
        var whole = w.Grad!.ToArray<double>();
        w.ZeroGrad();
        var (rowsX, rowsY) = (x.ToArray<double>(), y.ToArray<double>());
        for (var half = 0; half < 2; half++)
        {
            var partX = Tensor.FromArray(rowsX[(half * 12)..((half + 1) * 12)], [4, 3]);
            var partY = Tensor.FromArray(rowsY[(half * 4)..((half + 1) * 4)], [4, 1]);
            ((Loss.MeanSquaredError() with { LossWeight = 0.5 }).Apply(layer.Apply(partX, w), partY)).Backward();
        }
        Support.Close.Check(whole, w.Grad!.ToArray<double>(), 1e-12, 1e-14, "halves");
    }
}
