namespace ExBurn.Tests.Tensors;

public sealed class TensorViewTests
{
    [Fact]
    public void Arrays_of_every_rank_convert_with_their_shape()
    {
        TensorView one = new[] { 1, 2, 3 };
        Assert.Equal([3L], one.Shape);
        Assert.Equal(DType.Int32, one.DType);

        TensorView two = new float[,] { { 1, 2, 3 }, { 4, 5, 6 } };
        Assert.Equal([2L, 3L], two.Shape);
        Assert.Equal([1f, 2, 3, 4, 5, 6], two.AsSpan<float>().ToArray());

        TensorView three = new double[,,] { { { 1 }, { 2 } } };
        Assert.Equal([1L, 2L, 1L], three.Shape);
        Assert.Equal([1.0, 2], three.AsSpan<double>().ToArray());

        TensorView four = new byte[2, 1, 2, 2];
        Assert.Equal([2L, 1L, 2L, 2L], four.Shape);
        Assert.Equal(DType.UInt8, four.DType);

        TensorView empty = new long[0, 4];
        Assert.Equal([0L, 4L], empty.Shape);
        Assert.Equal(0, empty.Rows);
    }

    [Fact]
    public void Shape_and_values_must_agree()
    {
        Assert.Throws<ArgumentException>(() => new TensorView([1f, 2, 3], [2, 2]).Shape);
        Assert.Throws<ArgumentException>(() => new TensorView([1f, 2, 3], [-1, 3]).Shape);
        Assert.Throws<ArgumentNullException>(() => ((TensorView)(float[])null!).Shape);
        Assert.Throws<DTypeException>(() => new TensorView([1f], [1]).AsSpan<int>().Length);
        Assert.Throws<DTypeException>(() => new TensorView([1f], [1]).AsSpan<short>().Length);
    }

    [Fact]
    public void Data_is_a_copy()
    {
        float[] values = [1, 2, 3, 4];
        var data = new TensorData(new TensorView(values, [2, 2]));
        values[0] = 9;
        Assert.Equal([1f, 2, 3, 4], data.AsSpan<float>().ToArray());
        Assert.Equal([1.0, 2, 3, 4], data.ToDoubles());
        Assert.Equal("Float32 [2, 2]", data.ToString());
        Assert.Equal([5f, 6], new TensorData(new[] { 5L, 6 }).ToSingles());
        Assert.Equal([7f, 8], new TensorData(new byte[] { 7, 8 }).ToSingles());
    }
}
