namespace ExBurn;

// Functions of every element. Where two tensors meet their shapes broadcast; integers become floats beside floats.
public sealed partial class Tensor
{
    /// <summary>Absolute value of every element.</summary>
    public Tensor Abs() => Run("Abs", null, this);

    /// <summary>-1, 0 or 1, the sign of every element. No gradient flows through it.</summary>
    public Tensor Sign() => Run("Sign", null, this);

    /// <summary>Every element times itself.</summary>
    public Tensor Square() => Run("Square", null, this);

    /// <summary>Square root of every element; NaN for negative ones.</summary>
    public Tensor Sqrt() => Run("Sqrt", null, this);

    /// <summary>1 / sqrt(x) of every element.</summary>
    public Tensor Rsqrt() => Run("Rsqrt", null, this);

    /// <summary>Real third root of every element, of negative ones too. The host computes it.</summary>
    public Tensor Cbrt() => Run("Cbrt", null, this);

    /// <summary>1 / x of every element.</summary>
    public Tensor Reciprocal() => Run("Reciprocal", null, this);

    /// <summary>exp(x) - 1 of every element, exact near 0.</summary>
    public Tensor Expm1() => Run("Expm1", null, this);

    /// <summary>Natural logarithm of every element.</summary>
    public Tensor Log() => Run("Log", null, this);

    /// <summary>Logarithm of every element to base 2.</summary>
    public Tensor Log2() => Run("Log2", null, this);

    /// <summary>Logarithm of every element to base 10.</summary>
    public Tensor Log10() => Run("Log10", null, this);

    /// <summary>log(1 + x) of every element, exact near 0.</summary>
    public Tensor Log1p() => Run("Log1p", null, this);

    /// <summary>Sine of every element, in radians.</summary>
    public Tensor Sin() => Run("Sin", null, this);

    /// <summary>Cosine of every element, in radians.</summary>
    public Tensor Cos() => Run("Cos", null, this);

    /// <summary>Tangent of every element, in radians.</summary>
    public Tensor Tan() => Run("Tan", null, this);

    /// <summary>Inverse sine of every element, in radians; NaN outside -1 to 1.</summary>
    public Tensor Asin() => Run("Asin", null, this);

    /// <summary>Inverse cosine of every element, in radians; NaN outside -1 to 1.</summary>
    public Tensor Acos() => Run("Acos", null, this);

    /// <summary>Inverse tangent of every element, in radians.</summary>
    public Tensor Atan() => Run("Atan", null, this);

    /// <summary>Hyperbolic sine of every element.</summary>
    public Tensor Sinh() => Run("Sinh", null, this);

    /// <summary>Hyperbolic cosine of every element.</summary>
    public Tensor Cosh() => Run("Cosh", null, this);

    /// <summary>Inverse hyperbolic sine of every element.</summary>
    public Tensor Asinh() => Run("Asinh", null, this);

    /// <summary>Inverse hyperbolic cosine of every element; NaN below 1.</summary>
    public Tensor Acosh() => Run("Acosh", null, this);

    /// <summary>Inverse hyperbolic tangent of every element; NaN outside -1 to 1.</summary>
    public Tensor Atanh() => Run("Atanh", null, this);

    /// <summary>Error function of every element.</summary>
    public Tensor Erf() => Run("Erf", null, this);

    /// <summary>1 - erf(x) of every element, exact where erf is nearly 1. The host computes it.</summary>
    public Tensor Erfc() => Run("Erfc", null, this);

    /// <summary>Inverse error function of every element; infinite at -1 and 1, NaN outside. The host computes it.</summary>
    public Tensor Erfinv() => Run("Erfinv", null, this);

    /// <summary>The whole number at or below every element. No gradient flows through it.</summary>
    public Tensor Floor() => Run("Floor", null, this);

    /// <summary>The whole number at or above every element. No gradient flows through it.</summary>
    public Tensor Ceiling() => Run("Ceil", null, this);

    /// <summary>The whole number nearest to every element; halves go to the even one. No gradient flows through it.</summary>
    public Tensor Round() => Run("Round", null, this);

    /// <summary>Every element without its fraction. No gradient flows through it.</summary>
    public Tensor Truncate() => Run("Trunc", null, this);

    /// <summary>Every element to the power of another, with broadcasting. Where the exponent is no whole number, NaN for negative elements.</summary>
    /// <param name="exponent">The exponents.</param>
    /// <exception cref="ShapeMismatchException">The shapes do not broadcast.</exception>
    public Tensor Pow(Tensor exponent) => Run("Pow", null, this, exponent);

    /// <summary>A number to the power of every element.</summary>
    /// <param name="number">The base.</param>
    /// <param name="exponent">The exponents, floats.</param>
    public static Tensor Pow(double number, Tensor exponent)
    {
        using var scalar = Check.NotNull(exponent, nameof(exponent)).Number(number);
        return scalar.Pow(exponent);
    }

    /// <summary>Angle of the point (<paramref name="x"/>, this) in radians, from -π to π, with broadcasting.</summary>
    /// <param name="x">The other coordinate.</param>
    public Tensor Atan2(Tensor x) => Run("Atan2", null, this, x);

    /// <summary>What whole multiples of the divisor leave, with the sign of the divisor, as in Python and PyTorch: -7 and 2 give 1.</summary>
    /// <param name="divisor">The divisors; whole numbers where both tensors are integers.</param>
    /// <exception cref="ArgumentException">An integer is divided by 0 (on the CPU; other devices give any number).</exception>
    public Tensor Remainder(Tensor divisor) => Run("Remainder", null, this, divisor);

    /// <inheritdoc cref="Remainder(Tensor)"/>
    public Tensor Remainder(double divisor) => WithNumber("RemainderScalar", divisor);

    /// <summary>The whole number at or below the quotient: -7 and 2 give -4. No gradient flows through it.</summary>
    /// <inheritdoc cref="Remainder(Tensor)" path="/param|/exception"/>
    public Tensor FloorDivide(Tensor divisor) => Run("FloorDivide", null, this, divisor);

    /// <inheritdoc cref="FloorDivide(Tensor)"/>
    public Tensor FloorDivide(double divisor) => WithNumber("FloorDivideScalar", divisor);

    /// <summary>The larger of two elements, with broadcasting; NaN if one is. At ties the two share the gradient.</summary>
    /// <param name="other">The other tensor.</param>
    public Tensor Maximum(Tensor other) => Run("Maximum", null, this, other);

    /// <summary>The smaller of two elements, with broadcasting; NaN if one is. At ties the two share the gradient.</summary>
    /// <param name="other">The other tensor.</param>
    public Tensor Minimum(Tensor other) => Run("Minimum", null, this, other);

    /// <summary>Every element, but at least <paramref name="min"/> and at most <paramref name="max"/>. Where a limit holds no gradient flows.</summary>
    /// <param name="min">Lower limit; null for none.</param>
    /// <param name="max">Upper limit; null for none.</param>
    /// <exception cref="ArgumentException">There is no limit at all.</exception>
    public Tensor Clamp(double? min = null, double? max = null)
        => min is null && max is null ? throw new ArgumentException("Give min, max or both.", nameof(min)) : Run("Clamp", config => config.Add("min", min).Add("max", max), this);

    /// <inheritdoc cref="ExBurn.ReLU"/>
    public Tensor ReLU() => Run("ReLU", null, this);

    /// <inheritdoc cref="ExBurn.LeakyReLU"/>
    public Tensor LeakyReLU(double negativeSlope = 0.01) => new LeakyReLU(negativeSlope).Apply(this);

    /// <inheritdoc cref="ExBurn.Sigmoid"/>
    public Tensor Sigmoid() => Run("Sigmoid", null, this);

    /// <inheritdoc cref="ExBurn.SiLU"/>
    public Tensor SiLU() => Run("SiLU", null, this);

    /// <inheritdoc cref="ExBurn.GELU"/>
    public Tensor GELU(GeluApproximation approximate = GeluApproximation.None) => new GELU(approximate).Apply(this);

    /// <inheritdoc cref="ExBurn.Softplus"/>
    public Tensor Softplus(double beta = 1, double threshold = 20) => new Softplus(beta, threshold).Apply(this);

    /// <summary>Zeroes elements with a probability and scales the others by 1 / (1 - p), with numbers that <see cref="Seed"/> decides.</summary>
    /// <param name="p">Probability of zero, at least 0, below or equal to 1.</param>
    /// <param name="training">False gives the tensor as it is.</param>
    public Tensor Dropout(double p = 0.5, bool training = true) => new Dropout(p).Apply(this, training);

    /// <summary>Layer norm over the last dimensions, without weights: (x - mean) / sqrt(var + eps), with the biased variance.</summary>
    /// <param name="normalizedShape">Sizes of the last dimensions, which are normalised together.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <exception cref="ShapeMismatchException">The last dimensions have other sizes.</exception>
    public Tensor LayerNorm(Shape normalizedShape, double epsilon = 1e-5)
        => new LayerNorm(normalizedShape) { Eps = epsilon, ElementwiseAffine = false }.Apply(this);
}
