namespace ExBurn;

// Comparisons and logic: tensors of bools, through which no gradient flows. Shapes broadcast.
public sealed partial class Tensor
{
    /// <summary>True where two elements are equal. (<c>==</c> compares the objects, as everywhere in .NET.)</summary>
    /// <param name="other">The other tensor.</param>
    public Tensor Equal(Tensor other) => Run("Equal", null, this, other);

    /// <summary>True where an element is the number.</summary>
    /// <param name="number">The number, not NaN; see <see cref="IsNaN"/>.</param>
    public Tensor Equal(double number) => Compare("EqualScalar", number);

    /// <summary>True where two elements differ.</summary>
    /// <inheritdoc cref="Equal(Tensor)" path="/param"/>
    public Tensor NotEqual(Tensor other) => Run("NotEqual", null, this, other);

    /// <summary>True where an element is not the number.</summary>
    /// <inheritdoc cref="Equal(double)" path="/param"/>
    public Tensor NotEqual(double number) => Compare("NotEqualScalar", number);

    /// <summary>True where an element is smaller.</summary>
    /// <inheritdoc cref="Equal(Tensor)" path="/param"/>
    public Tensor Less(Tensor other) => Run("Less", null, this, other);

    /// <summary>True where an element is smaller than the number.</summary>
    /// <inheritdoc cref="Equal(double)" path="/param"/>
    public Tensor Less(double number) => Compare("LessScalar", number);

    /// <summary>True where an element is smaller or equal.</summary>
    /// <inheritdoc cref="Equal(Tensor)" path="/param"/>
    public Tensor LessOrEqual(Tensor other) => Run("LessEqual", null, this, other);

    /// <summary>True where an element is at most the number.</summary>
    /// <inheritdoc cref="Equal(double)" path="/param"/>
    public Tensor LessOrEqual(double number) => Compare("LessEqualScalar", number);

    /// <summary>True where an element is larger.</summary>
    /// <inheritdoc cref="Equal(Tensor)" path="/param"/>
    public Tensor Greater(Tensor other) => Run("Greater", null, this, other);

    /// <summary>True where an element is larger than the number.</summary>
    /// <inheritdoc cref="Equal(double)" path="/param"/>
    public Tensor Greater(double number) => Compare("GreaterScalar", number);

    /// <summary>True where an element is larger or equal.</summary>
    /// <inheritdoc cref="Equal(Tensor)" path="/param"/>
    public Tensor GreaterOrEqual(Tensor other) => Run("GreaterEqual", null, this, other);

    /// <summary>True where an element is at least the number.</summary>
    /// <inheritdoc cref="Equal(double)" path="/param"/>
    public Tensor GreaterOrEqual(double number) => Compare("GreaterEqualScalar", number);

    /// <summary>As <see cref="Less(Tensor)"/>. There is no operator for equality: <c>==</c> compares references, as for every class.</summary>
    public static Tensor operator <(Tensor left, Tensor right) => Check.NotNull(left, nameof(left)).Less(right);

    /// <summary>As <see cref="Greater(Tensor)"/>.</summary>
    public static Tensor operator >(Tensor left, Tensor right) => Check.NotNull(left, nameof(left)).Greater(right);

    /// <summary>As <see cref="LessOrEqual(Tensor)"/>.</summary>
    public static Tensor operator <=(Tensor left, Tensor right) => Check.NotNull(left, nameof(left)).LessOrEqual(right);

    /// <summary>As <see cref="GreaterOrEqual(Tensor)"/>.</summary>
    public static Tensor operator >=(Tensor left, Tensor right) => Check.NotNull(left, nameof(left)).GreaterOrEqual(right);

    /// <summary>As <see cref="Less(double)"/>.</summary>
    public static Tensor operator <(Tensor left, double right) => Check.NotNull(left, nameof(left)).Less(right);

    /// <summary>As <see cref="Greater(double)"/>.</summary>
    public static Tensor operator >(Tensor left, double right) => Check.NotNull(left, nameof(left)).Greater(right);

    /// <summary>As <see cref="LessOrEqual(double)"/>.</summary>
    public static Tensor operator <=(Tensor left, double right) => Check.NotNull(left, nameof(left)).LessOrEqual(right);

    /// <summary>As <see cref="GreaterOrEqual(double)"/>.</summary>
    public static Tensor operator >=(Tensor left, double right) => Check.NotNull(left, nameof(left)).GreaterOrEqual(right);

    /// <summary>True where both are. Numbers count as true where they are not 0.</summary>
    /// <inheritdoc cref="Equal(Tensor)" path="/param"/>
    public Tensor LogicalAnd(Tensor other) => Run("LogicalAnd", null, this, other);

    /// <summary>True where one of the two is, or both. Numbers count as true where they are not 0.</summary>
    /// <inheritdoc cref="Equal(Tensor)" path="/param"/>
    public Tensor LogicalOr(Tensor other) => Run("LogicalOr", null, this, other);

    /// <summary>True where exactly one of the two is. Numbers count as true where they are not 0.</summary>
    /// <inheritdoc cref="Equal(Tensor)" path="/param"/>
    public Tensor LogicalXor(Tensor other) => Run("LogicalXor", null, this, other);

    /// <summary>True where an element is false, or 0.</summary>
    public Tensor LogicalNot() => Run("LogicalNot", null, this);

    /// <summary>True where an element is not a number.</summary>
    public Tensor IsNaN() => Run("IsNaN", null, this);

    /// <summary>True where an element is infinite, of either sign.</summary>
    public Tensor IsInfinity() => Run("IsInfinite", null, this);

    /// <summary>True where an element is neither infinite nor NaN.</summary>
    public Tensor IsFinite() => Run("IsFinite", null, this);

    /// <summary>Whether any element is true, or not 0; false of no elements. A scalar.</summary>
    public Tensor Any() => Run("Any", null, this);

    /// <summary>Whether any element along a dimension is true, or not 0.</summary>
    /// <param name="dim">The dimension; negative ones count from the end.</param>
    /// <param name="keepDim">Whether it stays, with size 1.</param>
    public Tensor Any(int dim, bool keepDim = false) => Reduce("Any", [dim], keepDim);

    /// <summary>Whether all elements are true, or not 0; true of no elements. A scalar.</summary>
    public Tensor All() => Run("All", null, this);

    /// <summary>Whether all elements along a dimension are true, or not 0.</summary>
    /// <inheritdoc cref="Any(int, bool)" path="/param"/>
    public Tensor All(int dim, bool keepDim = false) => Reduce("All", [dim], keepDim);

    /// <summary>Elements of one tensor where a condition holds, of another where not; the three broadcast.</summary>
    /// <param name="condition">Bools, or numbers that count as true where they are not 0.</param>
    /// <param name="then">Elements where it holds.</param>
    /// <param name="otherwise">Elements where not, of the same type.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not broadcast.</exception>
    public static Tensor Where(Tensor condition, Tensor then, Tensor otherwise) => Run("Where", null, Check.NotNull(condition, nameof(condition)), then, otherwise);

    /// <summary>The number where the mask is true, this tensor's elements elsewhere.</summary>
    /// <param name="mask">Bools (or numbers that are not 0) of a shape that expands to this one's.</param>
    /// <param name="value">The number; it may be infinite.</param>
    public Tensor MaskedFill(Tensor mask, double value) => Run("MaskedFill", config => config.AddExtended("value", value), this, mask);

    private Tensor Compare(string operation, double number) => Run(operation, config => config.AddExtended("value", number), this);
}
