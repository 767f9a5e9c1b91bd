namespace ExBurn;

// The order of elements along a dimension. The host finds it, so it is the same on every device: equal elements keep their order, and NaN is
// above everything. Values carry gradients; positions are integers.
public sealed partial class Tensor
{
    /// <summary>The elements in order along a dimension, and where they were.</summary>
    /// <param name="dim">The dimension; negative ones count from the end.</param>
    /// <param name="descending">Whether the largest comes first.</param>
    public (Tensor Values, Tensor Indices) Sort(int dim = -1, bool descending = false)
        => Pair(RunMany("Sort", config => config.Add("dim", dim).Add("descending", descending), this));

    /// <summary>Where the elements in order along a dimension are.</summary>
    /// <inheritdoc cref="Sort" path="/param"/>
    public Tensor ArgSort(int dim = -1, bool descending = false)
        => Run("ArgSort", config => config.Add("dim", dim).Add("descending", descending), this);

    /// <summary>The largest elements along a dimension in descending order, and where they are.</summary>
    /// <param name="k">How many.</param>
    /// <param name="dim">The dimension; negative ones count from the end.</param>
    /// <param name="largest">False for the smallest, in ascending order.</param>
    /// <exception cref="ShapeMismatchException">The dimension has fewer elements.</exception>
    public (Tensor Values, Tensor Indices) TopK(int k, int dim = -1, bool largest = true)
    {
        Check.AtLeast(0, k, nameof(k));
        return Pair(RunMany("TopK", config => config.Add("k", k).Add("dim", dim).Add("largest", largest), this));
    }

    private static (Tensor Values, Tensor Indices) Pair(Tensor[] both) => (both[0], both[1]);
}
