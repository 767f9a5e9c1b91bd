using System.Runtime.CompilerServices;

namespace ExBurn;

// Elements and slices by position. Positions out of range are errors on the CPU; other devices give any element.
public sealed partial class Tensor
{
    /// <summary>
    /// Elements as Python's brackets pick them: <c>x[0]</c> one slice, whose dimension disappears; <c>x[1..^1]</c> a range (.NET's, where the type
    /// exists, else <see cref="TensorIndex.Slice"/>); <see cref="TensorIndex.All"/>, <see cref="TensorIndex.Ellipsis"/> and
    /// <see cref="TensorIndex.NewDim"/> as ":", "..." and "None". Dimensions that are not named stay whole.
    /// </summary>
    /// <param name="indices">One per dimension, from the first on.</param>
    /// <exception cref="ArgumentException">There are more than dimensions, or an index does not exist.</exception>
    [IndexerName("Elements")]
    public Tensor this[params TensorIndex[] indices] => TensorIndex.Apply(this, Check.NotNull(indices, nameof(indices)));

    /// <summary>Elements from a position to before another along a dimension. Negative positions count from the end, those outside are cut.</summary>
    /// <param name="dim">The dimension; negative ones count from the end.</param>
    /// <param name="start">First position.</param>
    /// <param name="end">Position after the last; null for the end.</param>
    /// <param name="step">1 for all of them, 2 for every second, and so on.</param>
    public Tensor Slice(int dim, int start = 0, int? end = null, int step = 1)
    {
        Check.Positive(step, nameof(step));
        return Run("Slice", config => config.Add("dim", dim).Add("start", start).Add("end", end).Add("step", step), this);
    }

    /// <summary>So many elements from a position on along a dimension, all of which must be there.</summary>
    /// <param name="dim">The dimension; negative ones count from the end.</param>
    /// <param name="start">First position.</param>
    /// <param name="length">How many.</param>
    /// <exception cref="ShapeMismatchException">They are not all there.</exception>
    public Tensor Narrow(int dim, int start, int length)
    {
        Check.AtLeast(0, length, nameof(length));
        return Run("Narrow", config => config.Add("dim", dim).Add("start", start).Add("length", length), this);
    }

    /// <summary>One position of a dimension, which disappears.</summary>
    /// <param name="dim">The dimension; negative ones count from the end.</param>
    /// <param name="index">The position; negative ones count from the end.</param>
    /// <exception cref="ShapeMismatchException">There is no such position.</exception>
    public Tensor Select(int dim, int index) => Run("Select", config => config.Add("dim", dim).Add("index", index), this);

    /// <summary>The slices of a dimension that a list names.</summary>
    /// <param name="dim">The dimension; negative ones count from the end.</param>
    /// <param name="indices">Integers [k]; the same one may occur several times.</param>
    public Tensor IndexSelect(int dim, Tensor indices) => Run("IndexSelect", config => config.Add("dim", dim), this, indices);

    /// <summary>Elements along a dimension at positions of the same rank: <c>result[i][j] = this[i][indices[i][j]]</c> for dimension 1.</summary>
    /// <param name="dim">The dimension; negative ones count from the end.</param>
    /// <param name="indices">Integers, in no other dimension more than this tensor has.</param>
    public Tensor Gather(int dim, Tensor indices) => Run("Gather", config => config.Add("dim", dim), this, indices);

    /// <summary>Elements added at positions along a dimension: for dimension 1, <c>result[i][indices[i][j]] += values[i][j]</c>.</summary>
    /// <param name="dim">The dimension; negative ones count from the end.</param>
    /// <param name="indices">Integers, in no other dimension more than this tensor has.</param>
    /// <param name="values">Elements of the indices' shape.</param>
    public Tensor ScatterAdd(int dim, Tensor indices, Tensor values) => Run("ScatterAdd", config => config.Add("dim", dim), this, indices, values);

    /// <summary>Slices added to those of a dimension that a list names; one that is named twice gets both.</summary>
    /// <param name="dim">The dimension; negative ones count from the end.</param>
    /// <param name="indices">Integers [k].</param>
    /// <param name="values">k slices.</param>
    public Tensor IndexAdd(int dim, Tensor indices, Tensor values) => Run("IndexAdd", config => config.Add("dim", dim), this, indices, values);

    /// <summary>Rows of this table [n, d] at integer positions of any shape [..]: [.., d].</summary>
    /// <param name="indices">Integers.</param>
    public Tensor Lookup(Tensor indices) => Run("Lookup", null, this, indices);

    /// <summary>Integers [..] as [.., n], 1 at the integer and 0 elsewhere.</summary>
    /// <param name="classes">n, above the largest integer.</param>
    public Tensor OneHot(int classes)
    {
        Check.Positive(classes, nameof(classes));
        return Run("OneHot", config => config.Add("num_classes", classes), this);
    }
}
