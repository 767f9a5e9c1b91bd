namespace ExBurn;

public sealed partial class Tensor
{
    /// <summary>Sum, element by element, with broadcasting.</summary>
    public static Tensor operator +(Tensor left, Tensor right) => Run("Add", null, left, right);

    /// <summary>A number added to every element.</summary>
    public static Tensor operator +(Tensor left, double right) => left.WithNumber("AddScalar", right);

    /// <summary>A number added to every element.</summary>
    public static Tensor operator +(double left, Tensor right) => right + left;

    /// <summary>Difference, element by element, with broadcasting.</summary>
    public static Tensor operator -(Tensor left, Tensor right) => Run("Sub", null, left, right);

    /// <summary>A number taken from every element.</summary>
    public static Tensor operator -(Tensor left, double right) => left.WithNumber("AddScalar", -right);

    /// <summary>A number, less every element.</summary>
    public static Tensor operator -(double left, Tensor right)
    {
        using var negative = -right;
        return negative + left;
    }

    /// <summary>Every element with the other sign.</summary>
    public static Tensor operator -(Tensor value) => Run("Neg", null, value);

    /// <summary>Product, element by element, with broadcasting.</summary>
    public static Tensor operator *(Tensor left, Tensor right) => Run("Mul", null, left, right);

    /// <summary>Every element times a number.</summary>
    public static Tensor operator *(Tensor left, double right) => left.WithNumber("MulScalar", right);

    /// <summary>Every element times a number.</summary>
    public static Tensor operator *(double left, Tensor right) => right * left;

    /// <summary>Quotient, element by element, with broadcasting.</summary>
    public static Tensor operator /(Tensor left, Tensor right) => Run("Div", null, left, right);

    /// <summary>Every element divided by a number.</summary>
    public static Tensor operator /(Tensor left, double right)
    {
        using var divisor = left.Number(right);
        return left / divisor;
    }

    /// <summary>A number divided by every element.</summary>
    public static Tensor operator /(double left, Tensor right)
    {
        using var dividend = right.Number(left);
        return dividend / right;
    }

    /// <summary>Matrix product of the last two dimensions, [.., n, k] × [.., k, m] to [.., n, m]; those in front broadcast.</summary>
    public Tensor MatMul(Tensor other) => Run("MatMul", null, this, other);

    /// <summary>e to the power of every element.</summary>
    public Tensor Exp() => Run("Exp", null, this);

    /// <summary>Every element to a power. Where the exponent is no whole number, NaN for negative elements.</summary>
    public Tensor Pow(double exponent) => WithNumber("PowScalar", exponent);

    /// <summary>Hyperbolic tangent of every element.</summary>
    public Tensor Tanh() => Run("Tanh", null, this);

    /// <summary>Sum of all elements, a scalar.</summary>
    public Tensor Sum() => ReduceAll("Sum");

    /// <summary>Mean of all elements, a scalar.</summary>
    public Tensor Mean() => ReduceAll("Mean");

    /// <summary>The same elements in another shape; -1 once for what remains.</summary>
    public Tensor Reshape(Shape shape) => Run("Reshape", config => config.AddInts("shape", [.. shape.Select(size => checked((int)size))]), this);

    /// <summary>The same with the sizes one by one: <c>x.Reshape(2, -1)</c>.</summary>
    public Tensor Reshape(int first, params int[] rest) => Reshape((Shape)(int[])[first, .. Check.NotNull(rest, nameof(rest))]);

    private Tensor ReduceAll(string operation) => Rank == 0
        ? Reshape([])
        : Run(operation, config => config.AddInts("dims", [.. Enumerable.Range(0, Rank)]), this);

    private Tensor WithNumber(string operation, double value) => Run(operation, config => config.Add("value", value), this);

    /// <summary>A scalar that goes with this tensor.</summary>
    private Tensor Number(double value) => Full([], value, DType, Device);
}
