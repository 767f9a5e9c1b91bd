namespace ExBurn.Tests.Tensors;

/// <summary>Checkpoints: gradients equal those of the plain run bit for bit, each function runs twice.</summary>
public sealed class CheckpointTests : IDisposable
{
    private readonly TensorScope _scope = new();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [MemberData(nameof(On.Cpus), MemberType = typeof(On))]
    public void Gradients_are_those_of_the_plain_run(string device)
    {
        var on = On.Device(device);
        var plain = Run(on, (f, x) => f(x));
        var checkpointed = Run(on, GradientCheckpoint.Run);
        Assert.Equal(plain.Loss, checkpointed.Loss);
        Assert.Equal(plain.Input, checkpointed.Input);
        Assert.Equal(plain.Weight, checkpointed.Weight);
        Assert.Equal(plain.Bias, checkpointed.Bias);
        Assert.Equal((1, 2), (plain.Calls, checkpointed.Calls));
        Assert.Equal(plain.After, checkpointed.After);
    }

    /// <summary>A layer with dropout over captured parameters, used beside an earlier and a later use of the same tracked input.</summary>
    private static (float Loss, float[] Input, float[] Weight, float[] Bias, int Calls, float[] After) Run(
        Device device, Func<Func<Tensor, Tensor>, Tensor, Tensor> how)
    {
        Tensor.Seed(11);
        var calls = 0;
        var x = Tensor.RandomNormal([8, 5], device: device).RequiresGrad();
        var weight = Tensor.RandomNormal([5, 5], device: device).RequiresGrad();
        var bias = Tensor.RandomNormal([5], device: device).RequiresGrad();
        var hidden = x.Tanh();
        var before = hidden * 2;
        var y = how(
            h =>
            {
                calls++;
                Assert.True(GradMode.IsEnabled);
                var z = new Linear(5, 5).Apply(h, weight, bias);
                return new Dropout(0.5).Apply(z.Exp(), training: true);
            },
            hidden);
        Assert.True(y.RequiresGradient);
        Assert.False(y.IsLeaf);
        var loss = (y * before + hidden + weight.Sum()).Mean();
        loss.Backward();
        var after = Tensor.RandomUniform([3], device: device).ToArray<float>();
        return (loss.Item<float>(), x.Grad!.ToArray<float>(), weight.Grad!.ToArray<float>(), bias.Grad!.ToArray<float>(), calls, after);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    [InlineData(4, 3)]
    [InlineData(5, 5)]
    [InlineData(9, 5)]
    public void Segments_run_twice_each(int segments, int checkpoints)
    {
        var weights = Enumerable.Range(0, 5).Select(i => Tensor.RandomNormal([4, 4], seed: i).RequiresGrad()).ToArray();
        var calls = new int[5];
        var functions = weights.Select((w, i) => (Func<Tensor, Tensor>)(x =>
        {
            calls[i]++;
            return x.MatMul(w).Tanh();
        })).ToArray();
        var input = Tensor.RandomNormal([3, 4], seed: 9).RequiresGrad();
        var plain = functions.Aggregate(input, (x, f) => f(x)).Sum();
        plain.Backward();
        float[][] expected = [.. weights.Append(input).Select(w => w.Grad!.ToArray<float>())];
        foreach (var w in weights.Append(input))
            w.ZeroGrad();
        Array.Clear(calls);

        var loss = GradientCheckpoint.Sequential(functions, segments, input).Sum();
        Assert.Equal([1, 1, 1, 1, 1], calls);
        Assert.Equal(plain.Item(), loss.Item());
        loss.Backward();
        Assert.Equal([2, 2, 2, 2, 2], calls);
        Assert.Equal(expected, weights.Append(input).Select(w => w.Grad!.ToArray<float>()));
        Assert.Equal(checkpoints, (5 + ((5 + segments - 1) / segments) - 1) / ((5 + segments - 1) / segments));
    }

    [Fact]
    public void Bad_segments()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => GradientCheckpoint.Sequential([x => x], 0, Tensor.Ones([1])));
        var input = Tensor.Ones([1]);
        Assert.Same(input, GradientCheckpoint.Sequential([], 3, input));
        Assert.Throws<ArgumentNullException>(() => GradientCheckpoint.Run((Func<Tensor, Tensor>)null!, input));
        Assert.Throws<InvalidOperationException>(() => GradientCheckpoint.Run((Func<Tensor, Tensor>)(_ => null!), input));
    }

    [Fact]
    public void Functions_may_hand_on_tensors_of_others()
    {
        var w = Tensor.FromArray(new float[] { 2, 3 }).RequiresGrad();
        var input = Tensor.Ones([2]).RequiresGrad();
        Func<Tensor, Tensor>[] functions = [x => x, _ => w, x => x, x => x * 2];
        using (GradMode.NoGrad())
            Assert.Equal([4, 6], GradientCheckpoint.Sequential(functions, 4, input).ToArray<float>());
        GradientCheckpoint.Sequential(functions, 4, input).Sum().Backward();
        Assert.Equal([2, 2], w.Grad!.ToArray<float>());
        Assert.Null(input.Grad);
        Assert.False(w.IsDisposed);
        Assert.False(input.IsDisposed);
    }

    [Fact]
    public void Several_results_of_which_some_are_used()
    {
        var x = Tensor.FromArray(new float[] { 1, 2 }).RequiresGrad();
        var results = GradientCheckpoint.Run(given => [given[0] * 2, given[0] * given[1], given[1].Detach(), given[0].To(DType.Int32)], x, Tensor.FromArray(new float[] { 3, 4 }));
        Assert.Equal([true, true, false, false], results.Select(result => result.RequiresGradient));
        Assert.Equal(DType.Int32, results[3].DType);
        results[1].Sum().Backward();
        Assert.Equal([3, 4], x.Grad!.ToArray<float>());
    }

    [Fact]
    public void Checkpoints_nest()
    {
        var (outer, inner) = (0, 0);
        var x = Tensor.FromArray(new double[] { 0.3, -0.4 }).RequiresGrad();
        var y = GradientCheckpoint.Run(
            a =>
            {
                outer++;
                return GradientCheckpoint.Run(b => { inner++; return b.Exp(); }, a * 2) * 3;
            },
            x);
        y.Sum().Backward();
        Support.Close.Check([6 * Math.Exp(0.6), 6 * Math.Exp(-0.8)], x.Grad!.ToArray<double>(), 1e-14, 0, "nested");
        Assert.Equal((2, 3), (outer, inner));
    }

    [Fact]
    public void Inner_results_are_not_kept()
    {
        using var x = Tensor.Ones([1000]).RequiresGrad();
        var inner = new List<Tensor>();
        var y = GradientCheckpoint.Run(
            a =>
            {
                inner.Add(a * 2);
                return inner[^1] * 3;
            },
            x);
        Assert.True(inner[0].IsDisposed);
        y.Sum().Backward();
        Assert.True(inner[1].IsDisposed);
        Assert.Equal(6, x.Grad!.ToArray<float>()[0]);
    }

    [Fact]
    public void Without_a_graph_it_is_a_plain_call()
    {
        var calls = 0;
        var x = Tensor.Ones([2]).RequiresGrad();
        using (GradMode.NoGrad())
            Assert.False(GradientCheckpoint.Run(a => { calls++; return a * 2; }, x).RequiresGradient);
        Assert.Equal(1, calls);
        var constant = GradientCheckpoint.Run(a => a * 2, Tensor.Ones([2]));
        Assert.False(constant.RequiresGradient);
        Assert.Equal([2, 2], constant.ToArray<float>());
    }

    [Fact]
    public void An_exception_of_the_second_run_comes_out_unchanged()
    {
        var calls = 0;
        var x = Tensor.Ones([2]).RequiresGrad();
        var y = GradientCheckpoint.Run(a => ++calls == 2 ? throw new FormatException("mine") : a * 2, x);
        Assert.Equal("mine", Assert.Throws<FormatException>(() => y.Sum().Backward()).Message);
        Assert.Null(x.Grad);
        Assert.True(GradMode.IsEnabled);
    }

    [Fact]
    public void A_function_that_gives_something_else_the_second_time()
    {
        var calls = 0;
        var x = Tensor.Ones([2]).RequiresGrad();
        var y = GradientCheckpoint.Run(a => ++calls == 2 ? Tensor.Ones([3]) * a.Sum() : a * 2, x);
        var error = Assert.Throws<ShapeMismatchException>(() => y.Sum().Backward());
        Assert.Contains("run again", error.Message);
        Assert.Throws<InvalidOperationException>(() =>
        {
            var again = 0;
            var z = GradientCheckpoint.Run(given => ++again == 2 ? [given[0], given[0]] : [given[0] * 2], x)[0];
            z.Sum().Backward();
        });
        Assert.Throws<ArgumentException>(() => GradientCheckpoint.Run(a => { (a * 2).Sum().Backward(); return a * 2; }, x));
    }
}
