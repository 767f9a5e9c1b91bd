namespace ExBurn.Tests.Tensors;

public sealed class ShapeTests
{
    [Fact]
    public void Shapes_are_values()
    {
        Shape a = [2, 3];
        Shape b = new[] { 2, 3 };
        Assert.Equal(a, b);
        Assert.True(a == b);
        Assert.Equal(a.GetHashCode(), b.GetHashCode());
        Assert.True(a != [3, 2]);
        Assert.NotEqual(a, Of(2, 3, 1));
        Assert.Equal(default, Of());
    }

    [Fact]
    public void Sizes_count_and_read()
    {
        Shape shape = [2, 3, 4];
        Assert.Equal(3, shape.Rank);
        Assert.Equal(24, shape.ElementCount);
        Assert.Equal(4, shape[-1]);
        Assert.Equal(2, shape[0]);
        Assert.Equal("[2, 3, 4]", shape.ToString());
        Assert.Equal("[?, 784]", (Of(-1, 784)).ToString());
        Assert.Equal([3L, 4L], shape.WithoutFirst());
        Assert.Equal([-1L, 2L, 3L, 4L], shape.Prepend(-1));
        Assert.Equal(1, default(Shape).ElementCount);
        Assert.Equal("[]", default(Shape).ToString());
        Assert.Equal(0, (Of(0, 5)).ElementCount);
    }

    [Fact]
    public void Wrong_sizes_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Of(2, -2));
        Assert.Throws<InvalidOperationException>(() => (Of(-1, 2)).ElementCount);
        Assert.Throws<OverflowException>(() => (Of(long.MaxValue, 2)).ElementCount);
        Assert.Throws<InvalidOperationException>(() => default(Shape).WithoutFirst());
        Assert.Throws<ArgumentNullException>(() => (Shape)(int[])null!);
    }

    private static Shape Of(params long[] sizes) => sizes;
}
