namespace ExBurn;

public sealed partial class Node
{
    /// <summary>Element by element, with broadcasting.</summary>
    public static Node operator +(Node left, Node right) => Of("Add", left, right);

    /// <summary>Adds a number to every element.</summary>
    public static Node operator +(Node left, double right) => left.With("AddScalar", right);

    /// <summary>Adds a number to every element.</summary>
    public static Node operator +(double left, Node right) => right.With("AddScalar", left);

    /// <summary>Element by element, with broadcasting.</summary>
    public static Node operator -(Node left, Node right) => Of("Sub", left, right);

    /// <summary>Subtracts a number from every element.</summary>
    public static Node operator -(Node left, double right) => left.With("AddScalar", -right);

    /// <summary>A number minus every element.</summary>
    public static Node operator -(double left, Node right) => (-right).With("AddScalar", left);

    /// <summary>The negative of every element.</summary>
    public static Node operator -(Node value) => Of("Neg", value);

    /// <summary>Element by element, with broadcasting; for the matrix product see <see cref="MatMul"/>.</summary>
    public static Node operator *(Node left, Node right) => Of("Mul", left, right);

    /// <summary>Multiplies every element by a number.</summary>
    public static Node operator *(Node left, double right) => left.With("MulScalar", right);

    /// <summary>Multiplies every element by a number.</summary>
    public static Node operator *(double left, Node right) => right.With("MulScalar", left);

    /// <summary>Element by element, with broadcasting.</summary>
    public static Node operator /(Node left, Node right) => Of("Div", left, right);

    /// <summary>Divides every element by a number.</summary>
    public static Node operator /(Node left, double right)
        => right == 0 ? throw new DivideByZeroException("A node is divided by the number 0.") : left.With("MulScalar", 1 / right);

    /// <summary>A number divided by every element.</summary>
    public static Node operator /(double left, Node right) => Of("Reciprocal", right).With("MulScalar", left);

    /// <summary>Matrix product of the last two dimensions; leading ones broadcast: [.., n, k] and [.., k, m] to [.., n, m].</summary>
    public Node MatMul(Node other) => Of("MatMul", this, other);

    /// <summary>The larger of two elements, with broadcasting; at ties the two share the gradient.</summary>
    public Node Maximum(Node other) => Of("Maximum", this, other);

    /// <summary>The smaller of two elements, with broadcasting; at ties the two share the gradient.</summary>
    public Node Minimum(Node other) => Of("Minimum", this, other);

    /// <summary>Every element to a power. Where the exponent is no whole number, NaN for negative elements.</summary>
    public Node Pow(double exponent) => With("PowScalar", exponent);

    /// <summary>e to the power of every element.</summary>
    public Node Exp() => Of("Exp", this);

    /// <summary>Natural logarithm of every element.</summary>
    public Node Log() => Of("Log", this);

    /// <summary>Square root of every element.</summary>
    public Node Sqrt() => Of("Sqrt", this);

    /// <summary>Absolute value of every element.</summary>
    public Node Abs() => Of("Abs", this);

    /// <summary>Sine of every element, in radians.</summary>
    public Node Sin() => Of("Sin", this);

    /// <summary>Cosine of every element, in radians.</summary>
    public Node Cos() => Of("Cos", this);

    /// <summary>Error function of every element.</summary>
    public Node Erf() => Of("Erf", this);

    /// <summary>Limits every element.</summary>
    /// <param name="min">Lower limit; null for none.</param>
    /// <param name="max">Upper limit; null for none.</param>
    public Node Clamp(double? min = null, double? max = null)
        => min is null && max is null ? throw new ArgumentException("Give min, max or both.", nameof(min)) : Of("Clamp", config => config.Add("min", min).Add("max", max), this);

    /// <summary>True where an element is larger than the other; for <see cref="Where"/>.</summary>
    public Node Greater(Node other) => Of("Greater", this, other);

    /// <summary>True where an element is smaller than the other; for <see cref="Where"/>.</summary>
    public Node Less(Node other) => Of("Less", this, other);

    /// <summary>True where two elements are equal; for <see cref="Where"/>.</summary>
    public Node Equal(Node other) => Of("Equal", this, other);

    /// <summary>Elements of one node where this one is true, of another where not; with broadcasting.</summary>
    public Node Where(Node then, Node otherwise) => Of("Where", this, then, otherwise);

    /// <summary>Sum over dimensions, which disappear.</summary>
    public Node Sum(params int[] dims) => Reduce("Sum", dims, false);

    /// <summary>Sum over dimensions.</summary>
    /// <param name="dims">The dimensions.</param>
    /// <param name="keepDim">Whether they stay, with size 1.</param>
    public Node Sum(int[] dims, bool keepDim) => Reduce("Sum", dims, keepDim);

    /// <summary>Mean over dimensions, which disappear.</summary>
    public Node Mean(params int[] dims) => Reduce("Mean", dims, false);

    /// <inheritdoc cref="Sum(int[], bool)" path="/param"/>
    /// <summary>Mean over dimensions.</summary>
    public Node Mean(int[] dims, bool keepDim) => Reduce("Mean", dims, keepDim);

    /// <summary>Largest element over dimensions, which disappear; where several are equal they share the gradient.</summary>
    public Node Max(params int[] dims) => Reduce("Max", dims, false);

    /// <inheritdoc cref="Sum(int[], bool)" path="/param"/>
    /// <summary>Largest element over dimensions; where several are equal they share the gradient.</summary>
    public Node Max(int[] dims, bool keepDim) => Reduce("Max", dims, keepDim);

    /// <summary>Smallest element over dimensions, which disappear; where several are equal they share the gradient.</summary>
    public Node Min(params int[] dims) => Reduce("Min", dims, false);

    /// <inheritdoc cref="Sum(int[], bool)" path="/param"/>
    /// <summary>Smallest element over dimensions; where several are equal they share the gradient.</summary>
    public Node Min(int[] dims, bool keepDim) => Reduce("Min", dims, keepDim);

    /// <summary>Variance over dimensions: the sum of squared distances from the mean, divided by the count minus <paramref name="correction"/>.</summary>
    /// <param name="dims">The dimensions.</param>
    /// <param name="keepDim">Whether they stay, with size 1.</param>
    /// <param name="correction">1 for the unbiased variance, 0 for the biased one.</param>
    public Node Var(int[] dims, bool keepDim = false, double correction = 1)
    {
        int[] copy = [.. NotEmpty(dims)];
        return Of("Var", config => config.AddInts("dims", copy).Add("keepdim", keepDim).Add("correction", Check.NonNegative(correction, nameof(correction))), this);
    }

    /// <summary>Position of the largest element along a dimension, which disappears. Integers; no gradient.</summary>
    public Node ArgMax(int dim, bool keepDim = false) => Of("ArgMax", config => config.Add("dim", dim).Add("keepdim", keepDim), this);

    /// <inheritdoc cref="ExBurn.Softmax"/>
    public Node Softmax(int dim) => Apply(new Softmax(dim));

    /// <inheritdoc cref="ExBurn.LogSoftmax"/>
    public Node LogSoftmax(int dim) => Apply(new LogSoftmax(dim));

    /// <summary>The same elements in another shape. Sizes: -1 once for what remains, 0 for this node's own size at that position (the batch).</summary>
    public Node Reshape(params int[] shape) => Of("Reshape", Ints("shape", shape), this);

    /// <inheritdoc cref="ExBurn.Flatten"/>
    public Node Flatten(int startDim = 1, int endDim = -1) => Apply(new Flatten(startDim, endDim));

    /// <summary>The dimensions in another order: dimension i of the result is dimension <c>dims[i]</c>.</summary>
    public Node Permute(params int[] dims) => Of("Permute", Ints("dims", dims), this);

    /// <summary>Swaps two dimensions.</summary>
    public Node Transpose(int dim0, int dim1) => Of("Transpose", config => config.Add("dim0", dim0).Add("dim1", dim1), this);

    /// <summary>Takes away a dimension of size 1.</summary>
    public Node Squeeze(int dim) => Of("Squeeze", config => config.Add("dim", dim), this);

    /// <summary>Adds a dimension of size 1.</summary>
    public Node Unsqueeze(int dim) => Of("Unsqueeze", config => config.Add("dim", dim), this);

    /// <summary>Repeats dimensions of size 1 up to a shape, in which -1 keeps a size; new dimensions may come in front.</summary>
    public Node Expand(params int[] shape) => Of("Expand", Ints("shape", shape), this);

    /// <summary>Elements from <paramref name="start"/> to before <paramref name="end"/> along a dimension; negative positions count from the end.</summary>
    /// <param name="dim">The dimension.</param>
    /// <param name="start">First position.</param>
    /// <param name="end">Position after the last; null for the end.</param>
    public Node Slice(int dim, int start, int? end = null) => Of("Slice", config => config.Add("dim", dim).Add("start", start).Add("end", end), this);

    /// <summary>One index of a dimension, which disappears.</summary>
    public Node Select(int dim, int index) => Of("Select", config => config.Add("dim", dim).Add("index", index), this);

    /// <summary>Parts of these sizes along a dimension.</summary>
    /// <param name="dim">The dimension.</param>
    /// <param name="sizes">The sizes, which make up the whole dimension.</param>
    public Node[] Split(int dim, params int[] sizes)
    {
        Check.Sizes(Check.NotNull(sizes, nameof(sizes)), nameof(sizes));
        int[] copy = [.. sizes];
        var first = Of("Split", config => config.Add("dim", dim).AddInts("sizes", copy), this);
        return [.. Enumerable.Range(0, copy.Length).Select(first.Output)];
    }

    /// <summary>Nodes one after the other along a dimension; their other sizes are equal.</summary>
    /// <param name="dim">The dimension.</param>
    /// <param name="nodes">The nodes, at least one.</param>
    public static Node Concat(int dim, params Node[] nodes) => Join("Concat", dim, nodes);

    /// <summary>Nodes of one shape along a new dimension.</summary>
    /// <param name="dim">Position of the new dimension.</param>
    /// <param name="nodes">The nodes, at least one.</param>
    public static Node Stack(int dim, params Node[] nodes) => Join("Stack", dim, nodes);

    /// <summary>Elements along a dimension at integer positions of the same rank.</summary>
    public Node Gather(int dim, Node indices) => Of("Gather", config => config.Add("dim", dim), this, indices);

    /// <summary>Rows of this table [n, d] at integer positions of any shape [..], to [.., d]; an embedding whose table is also used otherwise.</summary>
    public Node Lookup(Node indices) => Of("Lookup", this, indices);

    /// <summary>Scores [.., T, S] with minus infinity where a column comes after its row: attention that sees only what came before.</summary>
    public Node CausalMask() => Of("CausalMask", this);

    private static Node Join(string type, int dim, Node[] nodes)
    {
        if (Check.NotNull(nodes, nameof(nodes)).Length == 0)
            throw new ArgumentException("At least one node is needed.", nameof(nodes));
        return Of(type, config => config.Add("dim", dim).Add("inputs", nodes.Length), nodes);
    }

    private Node Reduce(string type, int[] dims, bool keepDim)
    {
        int[] copy = [.. NotEmpty(dims)];
        return Of(type, config => config.AddInts("dims", copy).Add("keepdim", keepDim), this);
    }

    private static int[] NotEmpty(int[] dims)
        => Check.NotNull(dims, nameof(dims)).Length > 0 ? dims : throw new ArgumentException("Give at least one dimension.", nameof(dims));

    private static Action<ConfigWriter> Ints(string key, int[] values)
    {
        int[] copy = [.. Check.NotNull(values, key)];
        return config => config.AddInts(key, copy);
    }

    private Node With(string type, double value) => Of(type, config => config.Add("value", Check.Finite(value, nameof(value))), this);

    private static Node Of(string type, params Node[] inputs) => Of(type, null, inputs);

    private static Node Of(string type, Action<ConfigWriter>? write, params Node[] inputs)
        => Check.NotNull(inputs[0], "left").Graph.Add(new Operation(type, write), null, inputs);
}
