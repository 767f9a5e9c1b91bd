namespace ExBurn;

// The same elements in another shape, order or company. Every type of elements passes.
public sealed partial class Tensor
{
    /// <summary>Joins dimensions into one.</summary>
    /// <param name="startDim">The first; negative ones count from the end.</param>
    /// <param name="endDim">The last.</param>
    public Tensor Flatten(int startDim = 0, int endDim = -1)
    {
        if (Rank == 0)
            return Reshape([1]);
        var (first, last) = (DimIndex(startDim, nameof(startDim)), DimIndex(endDim, nameof(endDim)));
        if (first > last)
            throw new ArgumentException($"Dimension {startDim} comes after dimension {endDim}.", nameof(startDim));
        var joined = Shape.Skip(first).Take(last + 1 - first).Aggregate(1L, (product, size) => product * size);
        return Shaped([.. Shape.Take(first), joined, .. Shape.Skip(last + 1)]);
    }

    /// <summary>The dimensions in another order: dimension i of the result is dimension <c>dims[i]</c>.</summary>
    /// <param name="dims">All dimensions, each once.</param>
    public Tensor Permute(params int[] dims) => WithInts("Permute", "dims", dims);

    /// <summary>Swaps two dimensions.</summary>
    /// <param name="dim0">One; negative ones count from the end.</param>
    /// <param name="dim1">The other.</param>
    public Tensor Transpose(int dim0, int dim1) => Run("Transpose", config => config.Add("dim0", dim0).Add("dim1", dim1), this);

    /// <summary>Swaps the last two dimensions: rows become columns.</summary>
    public Tensor Transpose() => Transpose(-2, -1);

    /// <summary>Takes away a dimension of size 1.</summary>
    /// <param name="dim">The dimension; negative ones count from the end.</param>
    /// <exception cref="ShapeMismatchException">Its size is not 1.</exception>
    public Tensor Squeeze(int dim) => Along("Squeeze", dim);

    /// <summary>Takes away all dimensions of size 1.</summary>
    public Tensor Squeeze() => Shaped([.. Shape.Where(size => size != 1)]);

    /// <summary>Adds a dimension of size 1.</summary>
    /// <param name="dim">Its position in the result; -1 puts it last.</param>
    public Tensor Unsqueeze(int dim) => Along("Unsqueeze", dim);

    /// <summary>Repeats dimensions of size 1 up to a shape, in which -1 keeps a size; new dimensions may come in front.</summary>
    /// <param name="shape">The shape.</param>
    /// <exception cref="ShapeMismatchException">This shape does not expand to it.</exception>
    public Tensor Expand(params int[] shape) => WithInts("Expand", "shape", shape);

    /// <summary>Turns the order of elements along dimensions round.</summary>
    /// <param name="dims">The dimensions, each once.</param>
    public Tensor Flip(params int[] dims) => WithInts("Flip", "dims", dims);

    /// <summary>Moves all elements, in the order of memory, by a shift; those pushed out come in again at the other end.</summary>
    /// <param name="shift">By how much; negative towards the front.</param>
    public Tensor Roll(int shift) => Run("Roll", config => config.AddInts("shifts", [shift]), this);

    /// <summary>Moves elements along a dimension by a shift; those pushed out come in again at the other end.</summary>
    /// <inheritdoc cref="Roll(int)" path="/param"/>
    /// <param name="shift">By how much; negative towards the front.</param>
    /// <param name="dim">The dimension; negative ones count from the end.</param>
    public Tensor Roll(int shift, int dim) => Run("Roll", config => config.AddInts("shifts", [shift]).AddInts("dims", [dim]), this);

    /// <summary>The whole tensor several times along each dimension; new dimensions come in front.</summary>
    /// <param name="repeats">How often, at least one number per dimension.</param>
    public Tensor Repeat(params int[] repeats) => WithInts("Repeat", "repeats", repeats);

    /// <summary>Every slice along a dimension several times, one after the other: 1 2 becomes 1 1 2 2.</summary>
    /// <param name="repeats">How often, at least once.</param>
    /// <param name="dim">The dimension; negative ones count from the end.</param>
    public Tensor RepeatInterleave(int repeats, int dim)
    {
        Check.Positive(repeats, nameof(repeats));
        return Run("RepeatInterleave", config => config.Add("dim", dim).Add("repeats", repeats), this);
    }

    /// <summary>Puts a number around the elements. Negative sizes take elements away.</summary>
    /// <param name="padding">Sizes before and after for the last dimension, then for the one before it and so on.</param>
    /// <param name="value">The number.</param>
    /// <exception cref="ArgumentException">The sizes are no pairs.</exception>
    public Tensor Pad(int[] padding, double value = 0)
    {
        int[] copy = [.. Check.NotNull(padding, nameof(padding))];
        if (copy.Length % 2 != 0)
            throw new ArgumentException($"Give pairs of sizes, found {copy.Length} numbers.", nameof(padding));
        return Run("Pad", config => config.AddInts("padding", copy).Add("value", value), this);
    }

    /// <summary>Tensors one after the other along a dimension; their other sizes are equal.</summary>
    /// <param name="tensors">The tensors, at least one, of one type.</param>
    /// <param name="dim">The dimension; negative ones count from the end.</param>
    /// <exception cref="ShapeMismatchException">Another size differs.</exception>
    public static Tensor Concat(IReadOnlyList<Tensor> tensors, int dim = 0) => Join("Concat", tensors, dim);

    /// <summary>Tensors of one shape along a new dimension.</summary>
    /// <param name="tensors">The tensors, at least one, of one type.</param>
    /// <param name="dim">Position of the new dimension.</param>
    /// <exception cref="ShapeMismatchException">The shapes differ.</exception>
    public static Tensor Stack(IReadOnlyList<Tensor> tensors, int dim = 0) => Join("Stack", tensors, dim);

    /// <summary>Parts of these sizes along a dimension.</summary>
    /// <param name="sizes">The sizes, at least 1 each, which make up the whole dimension.</param>
    /// <param name="dim">The dimension; negative ones count from the end.</param>
    public Tensor[] Split(int[] sizes, int dim = 0)
    {
        int[] copy = [.. Check.NotNull(sizes, nameof(sizes))];
        return RunMany("Split", config => config.Add("dim", dim).AddInts("sizes", copy), this);
    }

    /// <summary>Parts of one size along a dimension; the last may be smaller.</summary>
    /// <param name="size">The size, at least 1.</param>
    /// <param name="dim">The dimension; negative ones count from the end.</param>
    public Tensor[] Split(int size, int dim = 0)
    {
        Check.Positive(size, nameof(size));
        var total = checked((int)Shape[DimIndex(dim, nameof(dim))]);
        var sizes = Enumerable.Range(0, ((total - 1) / size) + 1).Select(i => Math.Min(size, total - (i * size)));
        return total == 0 ? [Narrow(dim, 0, 0)] : Split([.. sizes], dim);
    }

    /// <summary>At most so many parts of equal size along a dimension; the last may be smaller, as in PyTorch.</summary>
    /// <param name="chunks">How many, at least 1.</param>
    /// <param name="dim">The dimension; negative ones count from the end.</param>
    public Tensor[] Chunk(int chunks, int dim = 0)
    {
        Check.Positive(chunks, nameof(chunks));
        var total = checked((int)Shape[DimIndex(dim, nameof(dim))]);
        return Split(Math.Max(1, (total + chunks - 1) / chunks), dim);
    }

    private static Tensor Join(string operation, IReadOnlyList<Tensor> tensors, int dim)
    {
        Tensor[] all = [.. Check.NotNull(tensors, nameof(tensors))];
        if (all.Length == 0)
            throw new ArgumentException("At least one tensor is needed.", nameof(tensors));
        Check.NotNull(all[0], nameof(tensors));
        return Run(operation, config => config.Add("dim", dim).Add("inputs", all.Length), all);
    }

    private Tensor WithInts(string operation, string key, int[] values)
    {
        int[] copy = [.. Check.NotNull(values, key)];
        return Run(operation, config => config.AddInts(key, copy), this);
    }

    /// <summary>The same elements in a shape that is known to fit. (In Reshape's list a 0 keeps a size; an empty tensor has nothing to keep.)</summary>
    internal Tensor Shaped(IReadOnlyList<long> sizes)
    {
        Shape shape = [.. sizes];
        return shape.ElementCount == 0 ? Zeros(shape, DType, Device) : Reshape(shape);
    }

    /// <summary>A dimension counted from the front.</summary>
    private int DimIndex(int dim, string name)
        => dim >= -Rank && dim < Rank ? (dim < 0 ? dim + Rank : dim) : throw new ArgumentOutOfRangeException(name, dim, $"A tensor of rank {Rank} has no dimension {dim}.");
}
