namespace ExBurn;

// Reductions: over all elements to a scalar, or over dimensions, which disappear or stay with size 1.
public sealed partial class Tensor
{
    /// <summary>Sum along a dimension.</summary>
    /// <param name="dim">The dimension; negative ones count from the end.</param>
    /// <param name="keepDim">Whether it stays, with size 1.</param>
    public Tensor Sum(int dim, bool keepDim = false) => Reduce("Sum", [dim], keepDim);

    /// <summary>Sum over dimensions.</summary>
    /// <param name="dims">The dimensions, each once; negative ones count from the end.</param>
    /// <param name="keepDim">Whether they stay, with size 1.</param>
    public Tensor Sum(int[] dims, bool keepDim = false) => Reduce("Sum", dims, keepDim);

    /// <summary>Mean along a dimension; of no elements NaN.</summary>
    /// <inheritdoc cref="Sum(int, bool)" path="/param"/>
    public Tensor Mean(int dim, bool keepDim = false) => Reduce("Mean", [dim], keepDim);

    /// <summary>Mean over dimensions; of no elements NaN.</summary>
    /// <inheritdoc cref="Sum(int[], bool)" path="/param"/>
    public Tensor Mean(int[] dims, bool keepDim = false) => Reduce("Mean", dims, keepDim);

    /// <summary>Product of all elements, a scalar. Its gradient is exact where elements are 0, too.</summary>
    public Tensor Prod() => Run("Prod", null, this);

    /// <summary>Product along a dimension.</summary>
    /// <inheritdoc cref="Sum(int, bool)" path="/param"/>
    public Tensor Prod(int dim, bool keepDim = false) => Reduce("Prod", [dim], keepDim);

    /// <summary>Largest element, a scalar; NaN if there is one. Where several are as large they share the gradient.</summary>
    /// <exception cref="ShapeMismatchException">There are no elements.</exception>
    public Tensor Max() => Run("Max", null, this);

    /// <summary>Largest element along a dimension; NaN if there is one. Where several are as large they share the gradient.</summary>
    /// <inheritdoc cref="Sum(int, bool)" path="/param"/>
    /// <exception cref="ShapeMismatchException">The dimension has no elements.</exception>
    public Tensor Max(int dim, bool keepDim = false) => Reduce("Max", [dim], keepDim);

    /// <summary>Largest element over dimensions.</summary>
    /// <inheritdoc cref="Sum(int[], bool)" path="/param"/>
    /// <inheritdoc cref="Max(int, bool)" path="/exception"/>
    public Tensor Max(int[] dims, bool keepDim = false) => Reduce("Max", dims, keepDim);

    /// <summary>Smallest element, a scalar; NaN if there is one. Where several are as small they share the gradient.</summary>
    /// <inheritdoc cref="Max()" path="/exception"/>
    public Tensor Min() => Run("Min", null, this);

    /// <summary>Smallest element along a dimension; NaN if there is one. Where several are as small they share the gradient.</summary>
    /// <inheritdoc cref="Sum(int, bool)" path="/param"/>
    /// <inheritdoc cref="Max(int, bool)" path="/exception"/>
    public Tensor Min(int dim, bool keepDim = false) => Reduce("Min", [dim], keepDim);

    /// <summary>Smallest element over dimensions.</summary>
    /// <inheritdoc cref="Sum(int[], bool)" path="/param"/>
    /// <inheritdoc cref="Max(int, bool)" path="/exception"/>
    public Tensor Min(int[] dims, bool keepDim = false) => Reduce("Min", dims, keepDim);

    /// <summary>Position of the first largest element of all, counted row by row: an integer scalar. A NaN is larger than anything.</summary>
    /// <inheritdoc cref="Max()" path="/exception"/>
    public Tensor ArgMax() => Run("ArgMax", null, this);

    /// <summary>Position of the first largest element along a dimension, as integers. A NaN is larger than anything.</summary>
    /// <inheritdoc cref="Sum(int, bool)" path="/param"/>
    /// <inheritdoc cref="Max(int, bool)" path="/exception"/>
    public Tensor ArgMax(int dim, bool keepDim = false) => Position("ArgMax", dim, keepDim);

    /// <summary>Position of the first smallest element of all, counted row by row: an integer scalar. A NaN comes before anything.</summary>
    /// <inheritdoc cref="Max()" path="/exception"/>
    public Tensor ArgMin() => Run("ArgMin", null, this);

    /// <summary>Position of the first smallest element along a dimension, as integers. A NaN comes before anything.</summary>
    /// <inheritdoc cref="Sum(int, bool)" path="/param"/>
    /// <inheritdoc cref="Max(int, bool)" path="/exception"/>
    public Tensor ArgMin(int dim, bool keepDim = false) => Position("ArgMin", dim, keepDim);

    /// <summary>Variance of all elements: squared distances from the mean, divided by the count minus <paramref name="correction"/>. A scalar.</summary>
    /// <param name="correction">1 for the unbiased variance, 0 for the biased one.</param>
    public Tensor Var(double correction = 1) => Spread("Var", null, correction, false);

    /// <summary>Variance over dimensions.</summary>
    /// <inheritdoc cref="Sum(int[], bool)" path="/param"/>
    /// <param name="dims">The dimensions, each once; negative ones count from the end.</param>
    /// <param name="correction">1 for the unbiased variance, 0 for the biased one.</param>
    /// <param name="keepDim">Whether they stay, with size 1.</param>
    public Tensor Var(int[] dims, double correction = 1, bool keepDim = false) => Spread("Var", dims, correction, keepDim);

    /// <summary>Standard deviation of all elements, a scalar. Where it is 0, so is its gradient.</summary>
    /// <inheritdoc cref="Var(double)" path="/param"/>
    public Tensor Std(double correction = 1) => Spread("Std", null, correction, false);

    /// <summary>Standard deviation over dimensions. Where it is 0, so is its gradient.</summary>
    /// <inheritdoc cref="Var(int[], double, bool)" path="/param"/>
    public Tensor Std(int[] dims, double correction = 1, bool keepDim = false) => Spread("Std", dims, correction, keepDim);

    /// <summary>(Σ|x|ᵖ)^(1/p) of all elements, a scalar. Where it is 0, so is its gradient.</summary>
    /// <param name="p">2 for the Euclidean length; ±infinity for the largest or smallest absolute value, 0 for how many are not 0.</param>
    public Tensor Norm(double p = 2) => Run("Norm", config => config.AddExtended("p", p), this);

    /// <summary>(Σ|x|ᵖ)^(1/p) over dimensions. Where it is 0, so is its gradient.</summary>
    /// <param name="p">2 for the Euclidean length; ±infinity for the largest or smallest absolute value, 0 for how many are not 0.</param>
    /// <param name="dims">The dimensions, each once; negative ones count from the end.</param>
    /// <param name="keepDim">Whether they stay, with size 1.</param>
    public Tensor Norm(double p, int[] dims, bool keepDim = false)
    {
        int[] copy = [.. NotEmpty(dims)];
        return Run("Norm", config => config.AddExtended("p", p).AddInts("dims", copy).Add("keepdim", keepDim), this);
    }

    /// <summary>log(Σ exp(x)) along a dimension, without overflow.</summary>
    /// <inheritdoc cref="Sum(int, bool)" path="/param"/>
    public Tensor LogSumExp(int dim, bool keepDim = false) => Reduce("LogSumExp", [dim], keepDim);

    /// <summary>Sums of the elements up to each one along a dimension.</summary>
    /// <param name="dim">The dimension; negative ones count from the end.</param>
    public Tensor CumSum(int dim) => Along("CumSum", dim);

    /// <summary>Products of the elements up to each one along a dimension.</summary>
    /// <param name="dim">The dimension; negative ones count from the end.</param>
    public Tensor CumProd(int dim) => Along("CumProd", dim);

    /// <inheritdoc cref="ExBurn.Softmax"/>
    public Tensor Softmax(int dim) => Along("Softmax", dim);

    /// <inheritdoc cref="ExBurn.LogSoftmax"/>
    public Tensor LogSoftmax(int dim) => Along("LogSoftmax", dim);

    private Tensor Along(string operation, int dim) => Run(operation, config => config.Add("dim", dim), this);

    private Tensor Position(string operation, int dim, bool keepDim) => Run(operation, config => config.Add("dim", dim).Add("keepdim", keepDim), this);

    private Tensor Reduce(string operation, int[] dims, bool keepDim)
    {
        int[] copy = [.. NotEmpty(dims)];
        return Run(operation, config => config.AddInts("dims", copy).Add("keepdim", keepDim), this);
    }

    private Tensor Spread(string operation, int[]? dims, double correction, bool keepDim)
    {
        Check.NonNegative(correction, nameof(correction));
        if (dims is null)
            return Run(operation, config => config.Add("correction", correction), this);
        int[] copy = [.. NotEmpty(dims)];
        return Run(operation, config => config.AddInts("dims", copy).Add("keepdim", keepDim).Add("correction", correction), this);
    }

    private static int[] NotEmpty(int[] dims)
        => Check.NotNull(dims, nameof(dims)).Length > 0 ? dims : throw new ArgumentException("Give at least one dimension.", nameof(dims));
}
