using System.Globalization;
using ExBurn.Native;

namespace ExBurn.Tests.Tensors;

/// <summary>Making, reading, printing, releasing; bad input.</summary>
public sealed class TensorTests : IDisposable
{
    private readonly TensorScope _scope = new();

    public void Dispose() => _scope.Dispose();

    [Theory]
    [MemberData(nameof(On.All), MemberType = typeof(On))]
    public void Arrays_go_there_and_back(string device)
    {
        var on = On.Device(device);
        var x = Tensor.FromArray(new float[,] { { 1, 2, 3 }, { 4, 5, 6 } }, device: on);
        Assert.Equal(((Shape)new long[] { 2, 3 }, DType.Float32, on, 2, 6L, 24L), (x.Shape, x.DType, x.Device, x.Rank, x.ElementCount, x.ByteSize));
        Assert.Equal([1, 2, 3, 4, 5, 6], x.ToArray<float>());
        Assert.Equal([1, 2, 3, 4, 5, 6], x.ToArray<double>());
        Assert.Equal(x.Shape, x.ToData().Shape);
        var longs = Tensor.FromArray(new long[] { -5, int.MaxValue }, device: on);
        Assert.Equal(DType.Int32, longs.DType);
        Assert.Equal([-5, int.MaxValue], longs.ToArray<int>());
        Assert.Equal([-5L, int.MaxValue], longs.ToArray<long>());
        Assert.Equal([0, 255], Tensor.FromArray(new byte[] { 0, 255 }, device: on).ToArray<int>());
        var flags = Tensor.FromArray(new[] { true, false, true }, device: on);
        Assert.Equal((DType.Bool, 3L), (flags.DType, flags.ByteSize));
        Assert.Equal([true, false, true], flags.ToArray<bool>());
        Assert.Equal(DType.Bool, flags.ToData().DType);
        Assert.Equal([1, 0, 1], flags.ToArray<int>());
        var scalar = Tensor.Scalar(2.5, device: on);
        Assert.Equal((0, 1L, 2.5), (scalar.Rank, scalar.ElementCount, scalar.Item()));
        Assert.Equal([2, 0], Tensor.FromArray(new[] { 2.0, 0 }, dtype: DType.Float32, device: on).To(DType.Int32).ToArray<int>());
        Assert.Equal([-1, 1], Tensor.FromArray(new[] { -1.9f, 1.9f }, device: on).To(DType.Int32).ToArray<int>());
        Assert.Equal([true, false], Tensor.FromArray(new[] { 0.5f, 0 }, device: on).To(DType.Bool).ToArray<bool>());
        Assert.Equal([1f, 0], Tensor.FromArray(new[] { true, false }, device: on).To(DType.Float32).ToArray<float>());
        Assert.Equal([2f, 0], Tensor.FromArray(new[] { 2, 0 }, device: on).To(DType.Float32).ToArray<float>());
        Assert.Equal([1, 2, 3, 4, 5, 6], x.To(Device.Cpu).ToArray<float>());
    }

    [Fact]
    public void Empty_tensors_are_tensors()
    {
        var empty = Tensor.FromArray(Array.Empty<float>(), [0, 3]);
        Assert.Equal((0L, 0L), (empty.ElementCount, empty.ByteSize));
        Assert.Empty(empty.ToArray<float>());
        Assert.Contains("[]", empty.ToString());
        Assert.Throws<InvalidOperationException>(() => empty.Item());
    }

    [Fact]
    public async Task Reading_may_wait_elsewhere()
    {
        using var x = Tensor.Arange(3);
        var read = await x.ToArrayAsync<int>();
        Assert.Equal([0, 1, 2], read);
    }

    [Fact]
    public void Bad_arrays()
    {
        Assert.Throws<ArgumentException>(() => Tensor.FromArray(new[] { 1L << 31 }));
        Assert.Throws<DTypeException>(() => Tensor.FromArray(new[] { 0.5f }, DType.Int32));
        Assert.Throws<ArgumentException>(() => Tensor.FromArray(new float[5], [2, 3]));
        Assert.Throws<DTypeException>(() => Tensor.FromArray(new float[2], DType.Int64));
        Assert.Throws<DTypeException>(() => Tensor.Zeros([2], DType.UInt8));
        Assert.Throws<DTypeException>(() => Tensor.FromArray(new short[2], [2]));
        Assert.Throws<ArgumentException>(() => Tensor.Zeros([2, -1]));
        Assert.Throws<ArgumentNullException>(() => Tensor.FromArray((float[])null!));
        Assert.Throws<DTypeException>(() => Tensor.Ones([2]).ToArray<int>());
        Assert.Throws<DTypeException>(() => Tensor.Ones([2], DType.Float64).ToArray<float>());
        Assert.Throws<OverflowException>(() => Tensor.Scalar(300).Item<byte>());
        Assert.Throws<InvalidOperationException>(() => Tensor.Ones([2]).Item());
        Assert.Throws<ArgumentException>(() => Tensor.Full([2], 0.5, DType.Int32));
        Assert.Throws<DTypeException>(() => Tensor.RandomNormal([2], dtype: DType.Int32));
        Assert.Throws<ArgumentException>(() => Tensor.RandomUniform([2], 1, 0));
        Assert.Throws<ArgumentException>(() => Tensor.RandomNormal([2], std: -1));
        Assert.Throws<ArgumentException>(() => Tensor.Arange(0, 5, 0));
        Assert.Throws<ArgumentException>(() => Tensor.Arange(0, 5, -1));
    }

    [Theory]
    [MemberData(nameof(On.Cpus), MemberType = typeof(On))]
    public void Factories(string device)
    {
        var on = On.Device(device);
        Assert.Equal([0, 0], Tensor.Zeros([2], device: on).ToArray<float>());
        Assert.Equal([1.0, 1], Tensor.Ones([2], DType.Float64, on).ToArray<double>());
        Assert.Equal([7, 7], Tensor.Full([2], 7, DType.Int32, on).ToArray<int>());
        Assert.Equal([true], Tensor.Ones([1], DType.Bool, on).ToArray<bool>());
        Assert.Equal([1, 0, 0, 0, 1, 0], Tensor.Eye(2, 3, device: on).ToArray<float>());
        Assert.Equal([0, 1, 2, 3], Tensor.Arange(4, on).ToArray<int>());
        Assert.Equal([1, 1.5f, 2, 2.5f], Tensor.Arange(1, 3, 0.5, device: on).ToArray<float>());
        Assert.Equal([3, 2, 1], Tensor.Arange(3, 0, -1, device: on).ToArray<float>());
        Assert.Empty(Tensor.Arange(0, 0, device: on).ToArray<float>());
        // torch.linspace(0, 1, 5), (3, 3, 1), (2, -2, 3)
        Assert.Equal([0, .25f, .5f, .75f, 1], Tensor.Linspace(0, 1, 5, device: on).ToArray<float>());
        Assert.Equal([3f], Tensor.Linspace(3, 3, 1, device: on).ToArray<float>());
        Assert.Equal([2f, 0, -2], Tensor.Linspace(2, -2, 3, device: on).ToArray<float>());
        var like = Tensor.ZerosLike(Tensor.Ones([2, 1], DType.Float64, on));
        Assert.Equal((DType.Float64, on, (Shape)new long[] { 2, 1 }), (like.DType, like.Device, like.Shape));
        Assert.Equal([1.0, 1], Tensor.OnesLike(like).ToArray<double>());
        Assert.Equal([4.0, 4], Tensor.FullLike(like, 4).ToArray<double>());
    }

    [Fact]
    public void Random_numbers_follow_the_seed_on_every_device()
    {
        Tensor.Seed(5);
        var first = Tensor.RandomNormal([100]).ToArray<float>();
        var second = Tensor.RandomNormal([100]).ToArray<float>();
        Assert.NotEqual(first, second);
        Tensor.Seed(5);
        Assert.Equal(first, Tensor.RandomNormal([100], device: Device.NdArray).ToArray<float>());
        Assert.Equal(Tensor.RandomUniform([9], seed: 1).ToArray<float>(), Tensor.RandomUniform([9], device: Device.NdArray, seed: 1).ToArray<float>());
        // Moments of 100 000 draws, five standard errors wide.
        const int n = 100_000;
        var uniform = Tensor.RandomUniform([n], -1, 3, DType.Float64, seed: 2).ToArray<double>();
        Assert.All(uniform, x => Assert.InRange(x, -1, 3));
        Assert.InRange(uniform.Average() - 1, -5 * (4 / Math.Sqrt(12 * n)), 5 * (4 / Math.Sqrt(12 * n)));
        var normal = Tensor.RandomNormal([n], 2, 3, DType.Float64, seed: 3).ToArray<double>();
        Assert.InRange(normal.Average() - 2, -15 / Math.Sqrt(n), 15 / Math.Sqrt(n));
        Assert.InRange(normal.Select(x => (x - 2) * (x - 2)).Average() - 9, -45 * Math.Sqrt(2.0 / n), 45 * Math.Sqrt(2.0 / n));
    }

    [Fact]
    public void Dropout_follows_the_seed()
    {
        var x = Tensor.Ones([50]);
        Tensor.Seed(3);
        var first = new Dropout(0.5).Apply(x, training: true).ToArray<float>();
        Assert.NotEqual(first, new Dropout(0.5).Apply(x, training: true).ToArray<float>());
        Tensor.Seed(3);
        Assert.Equal(first, new Dropout(0.5).Apply(x, training: true).ToArray<float>());
        Assert.All(first, value => Assert.Contains(value, new float[] { 0, 2 }));
        Assert.Equal(x.ToArray<float>(), new Dropout(0.5).Apply(x).ToArray<float>());
    }

    [Fact]
    public void Mixtures_are_errors_that_name_the_operation()
    {
        var x = Tensor.Ones([2, 3]);
        Assert.Contains("Add", Assert.Throws<ShapeMismatchException>(() => x + Tensor.Ones([2])).Message);
        Assert.Contains("MatMul", Assert.Throws<ShapeMismatchException>(() => x.MatMul(x)).Message);
        var device = Assert.Throws<DeviceException>(() => x * Tensor.Ones([2, 3], device: Device.NdArray));
        Assert.Contains("Mul", device.Message);
        Assert.Contains("ndarray", device.Message);
        var dtype = Assert.Throws<DTypeException>(() => x - Tensor.Ones([2, 3], DType.Float64));
        Assert.Contains("Sub", dtype.Message);
        Assert.Equal(("f32", "f64"), (dtype.Expected, dtype.Found));
        Assert.Throws<DTypeException>(() => Tensor.FromArray(new[] { true }).Exp());
        Assert.Throws<ArgumentNullException>(() => x + (Tensor)null!);
        Assert.Throws<ShapeMismatchException>(() => new Linear(3, 2).Apply(x, Tensor.Ones([3, 3]), Tensor.Ones([2])));
        var count = Assert.Throws<ArgumentException>(() => new Linear(3, 2).Apply(x, Tensor.Ones([2, 3])));
        Assert.Contains("weight, bias", count.Message);
        Assert.Throws<ArgumentException>(() => new Embedding(4, 2).Apply(Tensor.FromArray(new[] { 4 }), Tensor.Ones([4, 2])));
        Assert.Throws<ArgumentException>(() => Loss.CrossEntropy().Apply(x, Tensor.FromArray(new[] { 0, 3 })));
        Assert.Throws<ShapeMismatchException>(() => Loss.MeanSquaredError().Apply(x, Tensor.Ones([3])));
        Assert.Throws<DTypeException>(() => Loss.MeanSquaredError().Apply(Tensor.Arange(3), Tensor.Arange(3)));
        Assert.Throws<ArgumentException>(() => Loss.MeanSquaredError().Apply(x, Tensor.Ones([2, 3]).RequiresGrad()));
        Assert.Throws<ArgumentException>(() => Loss.MeanSquaredError().Apply(x, [x, x]));
    }

    [Fact]
    public void Disposed_tensors_are_refused()
    {
        var x = Tensor.Ones([2]).RequiresGrad();
        x.Dispose();
        x.Dispose();
        Assert.True(x.IsDisposed);
        Assert.Throws<ObjectDisposedException>(() => x + 1);
        Assert.Throws<ObjectDisposedException>(() => Tensor.Ones([2]) + x);
        Assert.Throws<ObjectDisposedException>(() => x.ToArray<float>());
        Assert.Throws<ObjectDisposedException>(() => x.Backward());
        Assert.Throws<ObjectDisposedException>(() => x.Grad);
        Assert.Contains("disposed", x.ToString());
        Assert.Equal([2], x.Shape);
    }

    [Fact]
    public void Scopes_release_what_is_not_kept()
    {
        var before = BurnBridge.LiveHandles(HandleKind.Tensor);
        Tensor kept;
        using (var outer = new TensorScope())
        {
            using (var inner = new TensorScope())
            {
                var x = Tensor.Ones([2]);
                kept = inner.Keep(x * 2 + 1);
                Assert.Equal(2, inner.Count);
                Assert.Throws<ArgumentException>(() => inner.Keep(kept));
            }
            Assert.False(kept.IsDisposed);
            Assert.Equal(1, outer.Count);
            Assert.Equal(before + 1, BurnBridge.LiveHandles(HandleKind.Tensor));
            Assert.Equal([3, 3], kept.ToArray<float>());
            var own = Tensor.Ones([1]);
            own.Dispose();
            Assert.Throws<ArgumentException>(() => outer.Keep(own));
        }
        Assert.True(kept.IsDisposed);
        Assert.Equal(before, BurnBridge.LiveHandles(HandleKind.Tensor));
    }

    [Fact]
    public void A_training_loop_in_a_scope_leaves_nothing()
    {
        var w = Tensor.RandomNormal([4, 4], seed: 1).RequiresGrad();
        using var optimizer = new Adam().For(w);
        var before = BurnBridge.LiveHandles(HandleKind.All);
        for (var step = 0; step < 3; step++)
        {
            using var scope = new TensorScope();
            optimizer.ZeroGrad();
            (w.MatMul(w).Tanh() * 2).Mean().Backward();
            optimizer.Step();
        }
        Assert.Equal(before, BurnBridge.LiveHandles(HandleKind.All));
    }

    [Fact]
    public void The_collector_frees_what_is_dropped()
    {
        Drop();
        for (var i = 0; i < 20 && BurnBridge.LiveHandles(HandleKind.Tensor) > _before; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Assert.Equal(_before, BurnBridge.LiveHandles(HandleKind.Tensor));
    }

    private readonly long _before = BurnBridge.LiveHandles(HandleKind.Tensor);

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private void Drop()
    {
        _scope.Dispose();
        var x = Tensor.Ones([100]).RequiresGrad();
        _ = (x * 2).Exp();
    }

    [Fact]
    public void Tensors_print_like_arrays_in_every_culture()
    {
        var culture = CultureInfo.CurrentCulture;
        try
        {
            var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            comma.NumberFormat.NumberDecimalSeparator = ",";
            CultureInfo.CurrentCulture = comma;
            Assert.Equal("Float32 [2, 2] on cpu\n[[  1, 2.5],\n [ -3,   4]]", Tensor.FromArray(new[,] { { 1, 2.5f }, { -3, 4 } }).ToString());
            Assert.Equal("Float32 [] on cpu, requires gradient\n0.5", Tensor.Scalar(0.5).RequiresGrad().ToString());
            Assert.Equal("Bool [2] on cpu\n[ true, false]", Tensor.FromArray(new[] { true, false }).ToString());
            Assert.Equal("Int32 [2, 1, 2] on cpu\n[[[0, 1]],\n\n [[2, 3]]]", Tensor.FromArray(new[] { 0, 1, 2, 3 }, [2, 1, 2]).ToString());
            Assert.Equal("Int32 [1001] on cpu\n[   0,    1,    2, ...,  998,  999, 1000]", Tensor.Arange(1001).ToString());
            Assert.Equal(1 + 7, Tensor.Zeros([100, 100]).ToString().Split('\n').Length);
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }
}
