using ExBurn.Tests.Support;

namespace ExBurn.Tests.Tensors;

/// <summary>Gradients: facts of the peers' documentation, rules of PyTorch, derivatives worked out by hand.</summary>
public sealed class BackwardTests : IDisposable
{
    private readonly TensorScope _scope = new();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [MemberData(nameof(On.All), MemberType = typeof(On))]
    public void Sum_of_squares_and_squared_product(string device)
    {
        var x = Tensor.FromArray(new float[] { 2, 3 }, device: On.Device(device)).RequiresGrad();
        x.Pow(2).Sum().Backward();
        Assert.Equal([4, 6], x.Grad!.ToArray<float>());

        var a = Tensor.Scalar(2, device: On.Device(device)).RequiresGrad();
        var b = Tensor.Scalar(3, device: On.Device(device)).RequiresGrad();
        var product = a * b;
        (product * product).Backward();
        Assert.Equal((36, 24), (a.Grad!.Item(), b.Grad!.Item()));
        Assert.Equal(Shape.Create([]), a.Grad!.Shape);
    }

    [Theory]
    [MemberData(nameof(On.Cpus), MemberType = typeof(On))]
    public void Broadcasting_sums_over_what_was_repeated(string device)
    {
        var on = On.Device(device);
        var x = Tensor.FromArray(new double[,] { { 1, 2, 3 }, { 4, 5, 6 } }, device: on).RequiresGrad();
        var row = Tensor.FromArray(new double[] { 10, 20, 30 }, device: on).RequiresGrad();
        var column = Tensor.FromArray(new double[,] { { 2 }, { 3 } }, device: on).RequiresGrad();
        ((x + row) * column - x / column).Sum().Backward();
        // d/dx = c - 1/c; d/drow = sum of c; d/dc = sum (x + row) + sum x / c².
        Support.Close.Check([1.5, 1.5, 1.5, 8.0 / 3, 8.0 / 3, 8.0 / 3], x.Grad!.ToArray<double>(), 1e-12, 0, "x");
        Support.Close.Check([5, 5, 5], row.Grad!.ToArray<double>(), 1e-12, 0, "row");
        Support.Close.Check([66 + (6.0 / 4), 75 + (15.0 / 9)], column.Grad!.ToArray<double>(), 1e-12, 0, "column");
    }

    [Theory]
    [MemberData(nameof(On.Cpus), MemberType = typeof(On))]
    public void Products_of_matrices_batched_and_broadcast(string device)
    {
        var on = On.Device(device);
        var a = Tensor.RandomNormal([2, 3, 4], dtype: DType.Float64, device: on, seed: 1).RequiresGrad();
        var b = Tensor.RandomNormal([4, 5], dtype: DType.Float64, device: on, seed: 2).RequiresGrad();
        var g = Tensor.RandomNormal([2, 3, 5], dtype: DType.Float64, device: on, seed: 3);
        a.MatMul(b).Backward(g);
        CheckByDifferences(() => (a.MatMul(b) * g).Sum(), a);
        CheckByDifferences(() => (a.MatMul(b) * g).Sum(), b);
    }

    [Fact]
    public void Central_differences_of_a_longer_chain()
    {
        var x = Tensor.RandomUniform([3, 2], 0.5, 1.5, DType.Float64, seed: 4).RequiresGrad();
        Tensor F() => ((x.Exp() * 0.5 - 1.5) / (2 - x.Tanh())).Pow(3).Reshape([6]).Mean() + (1 / x).Pow(0.7).Sum();
        F().Backward();
        CheckByDifferences(F, x);
    }

    [Fact]
    public void Gradients_add_up_until_they_are_taken_away()
    {
        var x = Tensor.FromArray(new float[] { 1, 2 }).RequiresGrad();
        Assert.Null(x.Grad);
        (x * 3).Sum().Backward();
        (x * x).Sum().Backward();
        Assert.Equal([5, 7], x.Grad!.ToArray<float>());
        x.ZeroGrad();
        Assert.Null(x.Grad);
        (x * 3).Sum().Backward();
        Assert.Equal([3, 3], x.Grad!.ToArray<float>());
        x.Grad = Tensor.FromArray(new float[] { 7, 8 });
        (x * 3).Sum().Backward();
        Assert.Equal([10, 11], x.Grad!.ToArray<float>());
        Assert.Throws<ShapeMismatchException>(() => x.Grad = Tensor.Ones([3]));
        Assert.Throws<DTypeException>(() => x.Grad = Tensor.Ones([2], DType.Float64));
    }

    [Fact]
    public void A_tensor_used_twice_gets_both_gradients()
    {
        var x = Tensor.FromArray(new float[] { 3 }).RequiresGrad();
        var y = x * x;          // 2x
        var z = y * y + y * x;  // x^4 + x^3: 4x³ + 3x²
        z.Sum().Backward();
        Assert.Equal([(4 * 27) + (3 * 9)], x.Grad!.ToArray<float>());
    }

    [Fact]
    public void Leaves_and_results()
    {
        var x = Tensor.Ones([2]);
        Assert.True(x.IsLeaf);
        Assert.False(x.RequiresGradient);
        x.RequiresGrad();
        Assert.True(x.IsLeaf);
        Assert.True(x.RequiresGradient);
        var y = x * 2;
        Assert.False(y.IsLeaf);
        Assert.True(y.RequiresGradient);
        y.Sum().Backward();
        Assert.Null(y.Grad);
        Assert.Throws<ArgumentException>(() => y.RequiresGrad(false));
        var free = y.Detach();
        Assert.True(free.IsLeaf);
        Assert.False(free.RequiresGradient);
        Assert.False((free * 2).RequiresGradient);
        x.RequiresGrad(false);
        Assert.False((x * 2).RequiresGradient);
        Assert.Equal([2, 2], x.Grad!.ToArray<float>());
    }

    [Fact]
    public void A_leaf_that_is_the_loss()
    {
        var x = Tensor.Scalar(5).RequiresGrad();
        x.Backward();
        x.Backward();
        Assert.Equal(2, x.Grad!.Item());
    }

    [Fact]
    public void Only_floats_have_gradients()
    {
        Assert.Throws<DTypeException>(() => Tensor.FromArray(new[] { 1, 2 }).RequiresGrad());
        Assert.Throws<DTypeException>(() => Tensor.FromArray(new[] { true }).RequiresGrad());
        var x = Tensor.Ones([2]).RequiresGrad();
        Assert.False(x.To(DType.Int32).RequiresGradient);
        Assert.False(x.To(DType.Bool).RequiresGradient);
        x.To(DType.Float64).Pow(2).Sum().Backward();
        Assert.Equal(DType.Float32, x.Grad!.DType);
        Assert.Equal([2, 2], x.Grad!.ToArray<float>());
    }

    [Fact]
    public void A_loss_of_several_elements_needs_a_gradient_of_its_shape()
    {
        var x = Tensor.FromArray(new float[] { 1, 2, 3 }).RequiresGrad();
        var y = x * x;
        var error = Assert.Throws<ShapeMismatchException>(() => y.Backward());
        Assert.Contains("Backward", error.Message);
        Assert.Throws<ShapeMismatchException>(() => y.Backward(Tensor.Ones([2])));
        Assert.Throws<DTypeException>(() => y.Backward(Tensor.Ones([3], DType.Float64)));
        Assert.Throws<DeviceException>(() => y.Backward(Tensor.Ones([3], device: Device.NdArray)));
        Assert.Null(x.Grad);
        y.Backward(Tensor.FromArray(new float[] { 1, 10, 100 }));
        Assert.Equal([2, 40, 600], x.Grad!.ToArray<float>());
    }

    [Fact]
    public void Nothing_to_do_is_an_error()
    {
        var error = Assert.Throws<ArgumentException>(() => Tensor.Ones([1]).Backward());
        Assert.Contains("depends on nothing", error.Message);
    }

    [Fact]
    public void A_consumed_graph_is_an_error_and_changes_nothing()
    {
        var x = Tensor.FromArray(new float[] { 2 }).RequiresGrad();
        var loss = (x * x).Sum();
        loss.Backward();
        var error = Assert.Throws<ArgumentException>(() => loss.Backward());
        Assert.Contains("consumed", error.Message);
        Assert.Equal([4], x.Grad!.ToArray<float>());
    }

    [Fact]
    public void Losses_that_share_a_part()
    {
        var x = Tensor.FromArray(new float[] { 2 }).RequiresGrad();
        var w = Tensor.FromArray(new float[] { 5 }).RequiresGrad();
        var shared = x * x;
        var first = shared.Sum();
        var second = (shared * w).Sum();
        first.Backward();
        Assert.Throws<ArgumentException>(() => second.Backward());
        Assert.Null(w.Grad);
        Assert.Equal([4], x.Grad!.ToArray<float>());

        x.ZeroGrad();
        shared = x * x;
        first = shared.Sum();
        second = (shared * w).Sum();
        first.Backward(retainGraph: true);
        second.Backward();
        Assert.Equal([4 + 20], x.Grad!.ToArray<float>());
        Assert.Equal([4], w.Grad!.ToArray<float>());
    }

    [Fact]
    public void A_retained_graph_gives_the_same_again()
    {
        var x = Tensor.RandomNormal([4, 6], seed: 1).RequiresGrad();
        var weight = Tensor.RandomNormal([3, 6], seed: 2).RequiresGrad();
        var loss = new Linear(6, 3) { Bias = false }.Apply(x, weight).Exp().Sum();
        loss.Backward(retainGraph: true);
        var once = weight.Grad!.ToArray<float>();
        weight.ZeroGrad();
        loss.Backward(retainGraph: true);
        Assert.Equal(once, weight.Grad!.ToArray<float>());
        loss.Backward();
        Assert.Equal([.. once.Select(value => value * 2)], weight.Grad!.ToArray<float>());
    }

    [Fact]
    public void A_graph_keeps_what_it_needs()
    {
        var x = Tensor.FromArray(new float[] { 1, 2 }).RequiresGrad();
        Tensor loss;
        using (var square = x * x)
        using (var twice = square * 2)
            loss = twice.Sum();
        // Another value for the leaf: the graph has the old one.
        x.Assign(Tensor.FromArray(new float[] { 100, 100 }));
        loss.Backward();
        Assert.Equal([4, 8], x.Grad!.ToArray<float>());
        Assert.Equal([100, 100], x.ToArray<float>());
    }

    [Fact]
    public void A_disposed_leaf_does_not_matter_to_others()
    {
        var a = Tensor.Scalar(2).RequiresGrad();
        var b = Tensor.Scalar(3).RequiresGrad();
        var product = a * b;
        b.Dispose();
        product.Backward();
        Assert.Equal(3, a.Grad!.Item());
        Assert.Throws<ObjectDisposedException>(() => b.Grad);
    }

    [Fact]
    public void A_very_long_chain_is_walked_and_freed()
    {
        var x = Tensor.Scalar(1).RequiresGrad();
        var y = x + 0;
        for (var i = 0; i < 20_000; i++)
        {
            var next = y + x;
            y.Dispose();
            y = next;
        }
        y.Backward();
        Assert.Equal(20_001, x.Grad!.Item());

        // And one that is dropped without a backward pass.
        y = x + 0;
        for (var i = 0; i < 20_000; i++)
        {
            var next = y + x;
            y.Dispose();
            y = next;
        }
        y.Dispose();
    }

    [Fact]
    public void Gradients_as_values_leave_the_leaves_alone()
    {
        var x = Tensor.FromArray(new float[] { 1, 2 }).RequiresGrad();
        var other = Tensor.Ones([2]).RequiresGrad();
        var y = x * x;
        var loss = (y * 3).Sum();
        var found = Tensor.Gradients(loss, null, [x, y, other], retainGraph: true);
        Assert.Equal([6, 12], found[0]!.ToArray<float>());
        Assert.Equal([3, 3], found[1]!.ToArray<float>());
        Assert.Null(found[2]);
        Assert.Null(x.Grad);
        Assert.Equal([6, 12], Tensor.Gradients(loss, x)[0]!.ToArray<float>());
        Assert.Throws<ArgumentException>(() => Tensor.Gradients(loss, x));
        Assert.Throws<ArgumentException>(() => Tensor.Gradients((x * x).Sum(), Tensor.Ones([2])));
    }

    [Fact]
    public void Devices_of_a_graph_may_differ()
    {
        var x = Tensor.FromArray(new float[] { 1, 2 }).RequiresGrad();
        var y = (x * x).To(Device.NdArray) * 5;
        Assert.Equal(Device.NdArray, y.Device);
        y.Sum().Backward();
        Assert.Equal([10, 20], x.Grad!.ToArray<float>());
        Assert.Equal(Device.Cpu, x.Grad!.Device);
    }

    [Fact]
    public void Threads_have_graphs_of_their_own_over_common_leaves()
    {
        var w = Tensor.FromArray(new double[] { 1, 2, 3 }).RequiresGrad();
        Parallel.For(0, 64, i =>
        {
            using var scope = new TensorScope();
            (w * i).Sum().Backward();
        });
        Assert.Equal([2016, 2016, 2016], w.Grad!.ToArray<double>());
    }

    private static void CheckByDifferences(Func<Tensor> function, Tensor x)
    {
        var start = x.ToArray<double>();
        var expected = new double[start.Length];
        for (var i = 0; i < start.Length; i++)
        {
            var step = 1e-6 * Math.Max(1, Math.Abs(start[i]));
            double At(double value)
            {
                double[] moved = [.. start];
                moved[i] = value;
                x.Assign(Tensor.FromArray(moved, x.Shape, device: x.Device));
                return GradMode.WithoutGrad(function).Item();
            }
            expected[i] = (At(start[i] + step) - At(start[i] - step)) / (2 * step);
        }
        x.Assign(Tensor.FromArray(start, x.Shape, device: x.Device));
        Support.Close.Check(expected, x.Grad!.ToArray<double>(), 1e-7, 1e-7, "central differences");
    }
}
