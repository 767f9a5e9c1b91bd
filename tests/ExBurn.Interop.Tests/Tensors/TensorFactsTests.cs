using ExBurn.Tests.Support;

namespace ExBurn.Tests.Tensors;

/// <summary>Plain numbers: what every operation makes of a few elements (values by hand or from Python's math module), and its errors.</summary>
public sealed class TensorFactsTests : IDisposable
{
    private readonly TensorScope _scope = new();

    public void Dispose() => _scope.Dispose();

    private static Tensor T(params double[] values) => Tensor.FromArray(values, [values.Length]);

    private static Tensor T(int[] shape, params double[] values) => Tensor.FromArray(values, shape);

    private static Tensor I(params int[] values) => Tensor.FromArray(values, [values.Length]);

    private static void Is(Tensor found, int[] shape, params double[] expected)
    {
        Assert.Equal((Shape)shape, found.Shape);
        Close.Check(expected, TensorReferenceTests.Doubles(found), 1e-14, 1e-15, "elements");
    }

    private static void Is(Tensor found, params double[] expected) => Is(found, [expected.Length], expected);

    private static void IsNumber(Tensor found, double expected) => Is(found, [], expected);

    [Fact]
    public void Arithmetic()
    {
        Is(T(1, 2, 3) + T(4, 5, 6), 5, 7, 9);
        Is(T(4, 5, 6) - T(1, 2, 3), 3, 3, 3);
        Is(T(1, 2, 3) * T(4, 5, 6), 4, 10, 18);
        Is(T(4, 10, 18) / T(2, 5, 6), 2, 2, 3);
        Is(T([2, 2], 1, 2, 3, 4) + T([2, 2], 5, 6, 7, 8), [2, 2], 6, 8, 10, 12);
        Is(-T(1, -2, 3), -1, 2, -3);
        Is(T(2, 3).Pow(T(3, 2)), 8, 9);
        Is(Tensor.Pow(2, T(3, -1)), 8, 0.5);
        Is(T(2).Pow(3), 8);
        Is(T(7, -7).Remainder(2), 1, 1);
        Is(T(7, -7).Remainder(T(-2)), -1, -1);
        Is(T(7, -7).FloorDivide(2), 3, -4);
        Is(T(1, 5, 2, 3).Minimum(T(4, 5, 2, 1)), 1, 5, 2, 1);
        Is(T(1, 5, 2, 3).Maximum(T(4, 5, 2, 1)), 4, 5, 2, 3);
        Is(T(-5, 0, 5).Clamp(-1, 1), -1, 0, 1);
        Is(T(1).Atan2(T(-1)), 2.356194490192345);
    }

    [Fact]
    public void Integers_stay_integers()
    {
        Is(I(7, -7, 7, -7) + I(1, 2, 3, 4), 8, -5, 10, -3);
        Is(I(7, -7, 7, -7).FloorDivide(I(2, 2, -2, -2)), 3, -4, -4, 3);
        Is(I(7, -7, 7, -7).Remainder(I(2, 2, -2, -2)), 1, 1, -1, -1);
        Is(I(7, -7).FloorDivide(2), 3, -4);
        Is(I(3, -2, 0).Abs(), 3, 2, 0);
        Is(I(3, -2, 0).Sign(), 1, -1, 0);
        Is(-I(3, -2), -3, 2);
        Is(I(3, -2) * 4, 12, -8);
        Is(I(3, 9, -4).Clamp(0, 5), 3, 5, 0);
        Is(I(3, 9, -4).Maximum(I(4, 4, 4)), 4, 9, 4);
        IsNumber(I(3, 9, -4).Sum(), 8);
        IsNumber(I(3, 9, -4).Max(), 9);
        Is(I(3, 9, -4).CumSum(0), 3, 12, 8);
        Assert.Equal(DType.Int32, (I(1) * 3).DType);
        Assert.Equal(DType.Float32, (I(1) * Tensor.FromArray([0.5f], [1])).DType);
        Is(I(12, 10).BitwiseAnd(I(10, 6)), 8, 2);
        Is(I(12, 10).BitwiseOr(I(10, 6)), 14, 14);
        Is(I(12, 10).BitwiseXor(I(10, 6)), 6, 12);
        Is(I(0, 5).BitwiseNot(), -1, -6);
        Is(I(1, 3).LeftShift(I(4, 1)), 16, 6);
        Is(I(16, -8).RightShift(I(2, 1)), 4, -4);
        Assert.Throws<ArgumentException>(() => I(1).FloorDivide(I(0)));
        Assert.Throws<ArgumentException>(() => I(1).LeftShift(I(32)));
        Assert.ThrowsAny<Exception>(() => T(1).BitwiseAnd(I(1)));
    }

    [Fact]
    public void Functions()
    {
        Is(T(-1, 2, -3).Abs(), 1, 2, 3);
        Is(T(0).Exp(), 1);
        Is(T(1).Log(), 0);
        Is(T(9).Sqrt(), 3);
        Is(T(0).Sigmoid(), 0.5);
        Is(T(0).Tanh(), 0);
        Is(T(-1, 0, 1).ReLU(), 0, 0, 1);
        Is(T(8, 0.5).Log2(), 3, -1);
        Is(T(1000).Log10(), 3);
        Is(T(1e-10).Log1p(), 9.9999999995e-11);
        Is(T(1e-10, 1).Expm1(), 1.00000000005e-10, 1.718281828459045);
        Is(T(4).Rsqrt(), 0.5);
        Is(T(-27).Cbrt(), -3);
        Is(T(4).Reciprocal(), 0.25);
        Is(T(3).Square(), 9);
        Is(T(0.5).Tan(), 0.5463024898437905);
        Is(T(0.5).Asin(), 0.5235987755982989);
        Is(T(0.5).Acos(), 1.0471975511965979);
        Is(T(0.5).Atan(), 0.4636476090008061);
        Is(T(0.5).Sinh(), 0.5210953054937474);
        Is(T(0.5).Cosh(), 1.1276259652063807);
        Is(T(0.5).Asinh(), 0.48121182505960347);
        Is(T(1.5).Acosh(), 0.9624236501192069);
        Is(T(0.5).Atanh(), 0.5493061443340549);
        Is(T(0.5).Erf(), 0.5204998778130465);
        Close.Check([2.209049699858544e-05, 1.9999779095030015], T(3, -3).Erfc().ToArray<double>(), 1e-13, 0, "erfc");
        Close.Check([0.4769362762044699], T(0.5).Erfinv().ToArray<double>(), 1e-13, 0, "erfinv");
        Is(T(-1.5, -0.5, 0.5, 1.5, 2.5).Round(), -2, 0, 0, 2, 2);
        Is(T(-1.5, 1.5).Floor(), -2, 1);
        Is(T(-1.5, 1.5).Ceiling(), -1, 2);
        Is(T(-1.5, 1.5).Truncate(), -1, 1);
        Is(T(-2, 0, 5).Sign(), -1, 0, 1);
        Is(T(double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1).IsNaN(), 1, 0, 0, 0);
        Is(T(double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1).IsInfinity(), 0, 1, 1, 0);
        Is(T(double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1).IsFinite(), 0, 0, 0, 1);
        IsNumber(T(1, 2, 3, 4).Softmax(0).Sum(), 1);
        Is(T(1, 2).Dropout(0), 1, 2);
        Is(T(1, 2).Dropout(0.9, training: false), 1, 2);
        Close.Check([-0.999995000037, 0.999995000037], T(1, 3).LayerNorm([2]).ToArray<double>(), 1e-11, 0, "layer norm");
    }

    [Fact]
    public void Reductions()
    {
        var m = T([2, 2], 1, 2, 3, 4);
        IsNumber(T(1, 2, 3).Sum(), 6);
        IsNumber(T(1, 2, 3, 4).Mean(), 2.5);
        IsNumber(T(3, 1, 2).Max(), 3);
        IsNumber(T(3, 1, 2).Min(), 1);
        Is(m.Sum(0), 4, 6);
        Is(m.Sum(1), 3, 7);
        Is(m.Sum([0, 1], keepDim: true), [1, 1], 10);
        IsNumber(T(2, 3, 4).Prod(), 24);
        Is(m.Prod(1), 2, 12);
        Is(T([2, 2], 1, 5, 3, 2).Max(1), 5, 3);
        Is(T([2, 2], 4, 1, 3, 2).Min(1), 1, 2);
        Is(T([2, 2], 1, 5, 3, 2).ArgMax(1), 1, 0);
        Is(T([2, 2], 1, 5, 3, 2).ArgMin(1), 0, 1);
        IsNumber(T(7, 2).ArgMax(), 0);
        IsNumber(T(7, double.NaN, 9).ArgMax(), 1);
        IsNumber(T(7, double.NaN, 9).Max(), double.NaN);
        IsNumber(T(1, 2).All(), 1);
        IsNumber(T(1, 0).All(), 0);
        IsNumber(T(0, 2).Any(), 1);
        IsNumber(T(0, 0).Any(), 0);
        IsNumber(T(1, 2, 3, 4).Var(), 5.0 / 3);
        IsNumber(T(1, 2, 3, 4).Std(0), Math.Sqrt(1.25));
        IsNumber(T(3, -4).Norm(), 5);
        IsNumber(T(3, -4).Norm(1), 7);
        IsNumber(T(3, -4).Norm(double.PositiveInfinity), 4);
        IsNumber(T(3, -4).Norm(double.NegativeInfinity), 3);
        IsNumber(T(3, 0, -4).Norm(0), 2);
        Is(T(1000, 1000).LogSumExp(0, keepDim: true), 1000 + Math.Log(2));
        Is(T(1, 2, 3).CumProd(0), 1, 2, 6);
        IsNumber(T([0, 3]).Sum(), 0);
        Is(T([0, 3]).Sum(0), 0, 0, 0);
        IsNumber(T([0, 3]).Prod(), 1);
        IsNumber(T([0, 3]).Mean(), double.NaN);
        IsNumber(T([0, 3]).Any(), 0);
        IsNumber(T([0, 3]).All(), 1);
        Assert.Throws<ShapeMismatchException>(() => T([0, 3]).Max());
        Assert.ThrowsAny<ArgumentException>(() => m.Sum(2));
        Assert.ThrowsAny<ArgumentException>(() => m.Sum([0, -2]));
        Assert.Throws<ArgumentException>(() => m.Sum([]));
    }

    [Fact]
    public void Ties_share_the_gradient()
    {
        var x = T(2, 5, 5, 1).RequiresGrad();
        x.Max().Backward();
        Is(x.Grad!, 0, 0.5, 0.5, 0);
        var (a, b) = (T(1, 3).RequiresGrad(), T(1, 2).RequiresGrad());
        a.Maximum(b).Sum().Backward();
        Is(a.Grad!, 0.5, 1);
        Is(b.Grad!, 0.5, 0);
    }

    [Fact]
    public void Linear_algebra()
    {
        var m = T([2, 2], 1, 2, 3, 4);
        Is(m.MatMul(T([2, 2], 5, 6, 7, 8)), [2, 2], 19, 22, 43, 50);
        Is(m.MatMul(m), [2, 2], 7, 10, 15, 22);
        IsNumber(T(1, 2).Dot(T(3, 4)), 11);
        IsNumber(T(1, 2, 3).Dot(T(1, 2, 3)), 14);
        IsNumber(T(1, 2, 3).MatMul(T(4, 5, 6)), 32);
        Is(T([2, 1, 2], 1, 2, 3, 4).MatMul(T([2, 2, 1], 1, 2, 1, 2)), [2, 1, 1], 5, 11);
        Is(T([2, 3], 1, 2, 3, 4, 5, 6).Transpose(), [3, 2], 1, 4, 2, 5, 3, 6);
        Is(T(1, 2).Outer(T(3, 4)), [2, 2], 3, 4, 6, 8);
        IsNumber(m.Det(), -2);
        Is(m.Inverse(), [2, 2], -2, 1, 1.5, -0.5);
        IsNumber(m.Trace(), 5);
        Is(m.Diag(), 1, 4);
        Is(m.Diagonal(1), 2);
        Is(T(1, 2).Diag(1), [3, 3], 0, 1, 0, 0, 0, 2, 0, 0, 0);
        Is(m.Tril(), [2, 2], 1, 0, 3, 4);
        Is(m.Triu(1), [2, 2], 0, 2, 0, 0);
        Is(T([1, 2], 0, 0).CDist(T([2, 2], 3, 4, 0, 1)), [1, 2], 5, 1);
        Is(Tensor.Einsum("ij->j", m), 4, 6);
        IsNumber(Tensor.Einsum("ij,ij", m, m), 30);
        Assert.Throws<ArgumentException>(() => T([2, 2], 1, 2, 2, 4).Inverse());
        Assert.Throws<ShapeMismatchException>(() => T([2, 3], 1, 2, 3, 4, 5, 6).Det());
        Assert.Throws<ShapeMismatchException>(() => m.MatMul(T(1, 2, 3)));
        Assert.Throws<ArgumentException>(() => Tensor.Einsum("ij->ik", m));
        Assert.Throws<ArgumentException>(() => Tensor.Einsum("ij,jk", m));
    }

    [Fact]
    public void Comparisons()
    {
        var (a, b) = (T(1, 5, 2, 3), T(4, 5, 2, 1));
        Is(a.Equal(b), 0, 1, 1, 0);
        Is(a.NotEqual(b), 1, 0, 0, 1);
        Is(a.Greater(b), 0, 0, 0, 1);
        Is(a.Less(b), 1, 0, 0, 0);
        Is(a.GreaterOrEqual(b), 0, 1, 1, 1);
        Is(a.LessOrEqual(b), 1, 1, 1, 0);
        Is(a.Greater(2), 0, 1, 0, 1);
        Is(a < b, 1, 0, 0, 0);
        Is(a <= b, 1, 1, 1, 0);
        Is(a > b, 0, 0, 0, 1);
        Is(a >= b, 0, 1, 1, 1);
        Is(a < 2, 1, 0, 0, 0);
        Is(a <= 2, 1, 0, 1, 0);
        Is(a > 2, 0, 1, 0, 1);
        Is(a >= 2, 0, 1, 1, 1);
        Is(a.Equal(2), 0, 0, 1, 0);
        Is(I(1, 2, 3).Greater(1.5), 0, 1, 1);
        Is(I(1, 2, 3).Less(double.PositiveInfinity), 1, 1, 1);
        Is(I(1, 2, 3).Equal(I(3, 2, 1)), 0, 1, 0);
        Is(T(1, 0, 2, 0).LogicalAnd(T(1, 1, 0, 0)), 1, 0, 0, 0);
        Is(T(1, 0, 2, 0).LogicalOr(T(1, 1, 0, 0)), 1, 1, 1, 0);
        Is(T(1, 0, 2, 0).LogicalXor(T(1, 1, 0, 0)), 0, 1, 1, 0);
        Is(T(1, 0).LogicalNot(), 0, 1);
        Assert.Equal(DType.Bool, a.Less(b).DType);
        Is(Tensor.Where(T(1, 0, 2), T(10, 20, 30), T(-10, -20, -30)), 10, -20, 30);
        Is(T(1, 2).MaskedFill(T(0, 1).Greater(0), double.NegativeInfinity), 1, double.NegativeInfinity);
        Assert.Throws<ShapeMismatchException>(() => a.Equal(T(1, 2)));
    }

    [Fact]
    public void Shapes()
    {
        Is(T(1, 2, 3, 4, 5, 6).Reshape(-1, 2), [3, 2], 1, 2, 3, 4, 5, 6);
        Is(T(1, 2, 3, 4, 5, 6).Reshape(2, 3).Reshape(6), [6], 1, 2, 3, 4, 5, 6);
        var m = T([2, 2], 1, 2, 3, 4);
        Is(T([1, 2], 1, 2).Expand(2, 2), [2, 2], 1, 2, 1, 2);
        Is(Tensor.Concat([T(1, 2), T(3), T(4, 5)]), 1, 2, 3, 4, 5);
        Is(Tensor.Concat([m, T([2, 2], 5, 6, 7, 8)], 1), [2, 4], 1, 2, 5, 6, 3, 4, 7, 8);
        Is(Tensor.Stack([T(1, 2), T(3, 4)]), [2, 2], 1, 2, 3, 4);
        Is(T(1, 2, 3).Flip(0), 3, 2, 1);
        Is(m.Flip(1), [2, 2], 2, 1, 4, 3);
        Is(T(1, 2, 3).Pad([1, 1]), 0, 1, 2, 3, 0);
        Is(I(1, 2, 3).Pad([-1, 2], 7), 2, 3, 7, 7);
        var cube = Tensor.Arange(24).Reshape([2, 3, 4]).Permute(1, 0, 2);
        Assert.Equal([3, 2, 4], cube.Shape.AsSpan().ToArray());
        Is(cube[1, 1], 16, 17, 18, 19);
        Is(T(1, 2, 3).Roll(1), 3, 1, 2);
        Is(m.Roll(-1, 0), [2, 2], 3, 4, 1, 2);
        Is(T(1, 2).Repeat(2, 2), [2, 4], 1, 2, 1, 2, 1, 2, 1, 2);
        Is(T(1, 2).RepeatInterleave(2, 0), 1, 1, 2, 2);
        Is(m.Flatten(), 1, 2, 3, 4);
        Is(T([1, 2, 1], 1, 2).Squeeze(), 1, 2);
        Is(T([1, 2, 1], 1, 2).Squeeze(-1), [1, 2], 1, 2);
        Is(T(1, 2).Unsqueeze(-1), [2, 1], 1, 2);
        var chunks = T(1, 2, 3, 4, 5).Chunk(4);
        Assert.Equal(3, chunks.Length);
        Is(chunks[2], 5);
        Is(T(1, 2, 3, 4, 5).Split(2)[1], 3, 4);
        Assert.Throws<ShapeMismatchException>(() => T(1, 2).Split([1, 2]));
        Assert.Throws<ArgumentException>(() => Tensor.Concat([]));
        Assert.ThrowsAny<ArgumentException>(() => m.Flatten(0, 2));
        Assert.ThrowsAny<ArgumentException>(() => m.Permute(0, 0));
    }

    [Fact]
    public void Indexing()
    {
        var x = T(1, 2, 3, 4, 5);
        Is(x.Narrow(0, 1, 3), 2, 3, 4);
        Is(x.Slice(0, step: 2), 1, 3, 5);
        Is(x[1..^1], 2, 3, 4);
        Is(x[^2..], 4, 5);
        Is(x[TensorIndex.Slice(0, null, 2)], 1, 3, 5);
        IsNumber(x[^1], 5);
        IsNumber(x[-1], 5);
        Is(x[3..2], [0]);
        Is(x[^0..], [0]);
        var m = T([2, 3], 1, 2, 3, 4, 5, 6);
        Is(m[1], 4, 5, 6);
        Is(m[TensorIndex.All, 1], 2, 5);
        Is(m[TensorIndex.Ellipsis, 0], 1, 4);
        Is(m[0, TensorIndex.NewDim, 1..], [1, 2], 2, 3);
        Is(T(1, 2, 3, 4, 5, 6).IndexSelect(0, I(0, 5)), 1, 6);
        Is(m.Gather(1, Tensor.FromArray([2, 0], [2, 1])), [2, 1], 3, 4);
        Is(Tensor.Zeros([3], DType.Float64).ScatterAdd(0, I(1, 1, 0), T(1, 2, 3)), 3, 3, 0);
        Is(Tensor.Zeros([2, 2], DType.Float64).IndexAdd(0, I(1, 1), T([2, 2], 1, 2, 3, 4)), [2, 2], 0, 0, 4, 6);
        Is(m.Lookup(I(1)), [1, 3], 4, 5, 6);
        Is(I(0, 2, 1).OneHot(3), [3, 3], 1, 0, 0, 0, 0, 1, 0, 1, 0);
        Is(I(3).OneHot(5), [1, 5], 0, 0, 0, 1, 0);
        Is(Tensor.Eye(3), [3, 3], 1, 0, 0, 0, 1, 0, 0, 0, 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => x[5]);
        Assert.Throws<ArgumentException>(() => x[0, 0]);
        Assert.Throws<ArgumentException>(() => x.IndexSelect(0, I(5)));
        Assert.Throws<ArgumentException>(() => I(3).OneHot(3));
        Assert.Throws<ShapeMismatchException>(() => x.Narrow(0, 3, 3));
    }

    [Fact]
    public void Ordering()
    {
        var (values, indices) = T(3, 1, double.NaN, 2, 1).Sort();
        Is(values, 1, 1, 2, 3, double.NaN);
        Is(indices, 1, 4, 3, 0, 2);
        var (largest, at) = T(3, 1, 4, 1, 5).TopK(2);
        Is(largest, 5, 4);
        Is(at, 4, 2);
        Is(T(3, 1, 4, 1, 5).TopK(2, largest: false).Indices, 1, 3);
        Is(T([2, 2], 4, 1, 2, 3).ArgSort(0, descending: true), [2, 2], 0, 1, 1, 0);
        Is(I(3, 1, 2).Sort(descending: true).Values, 3, 2, 1);
        Assert.Throws<ShapeMismatchException>(() => T(1, 2).TopK(3));
        var x = T(3, 1, 2).RequiresGrad();
        (x.Sort().Values * T(1, 10, 100)).Sum().Backward();
        Is(x.Grad!, 100, 1, 10);
    }

    [Fact]
    public void Convolution_by_layer()
    {
        var found = new Conv2d(1, 1, 2) { Bias = false }.Apply(Tensor.Ones([1, 1, 4, 4]), Tensor.Ones([1, 1, 2, 2]));
        Is(found, [1, 1, 3, 3], 4, 4, 4, 4, 4, 4, 4, 4, 4);
    }
}
