namespace ExBurn;

/// <summary>
/// How a parameter gets its first values: the functions of <c>torch.nn.init</c>, drawn from the model's seed. Made by the
/// members of this class, as <c>Initializer.XavierUniform()</c>; given to a layer in <see cref="Layer.Initializers"/>, or to a
/// built model by <see cref="Model.Initialize"/>.
/// </summary>
/// <remarks>
/// Fans are counted as PyTorch counts them: a parameter [a, b, kernel...] has fan in b and fan out a, each times the kernel's
/// size. An initializer that does not suit a parameter's shape is a <see cref="ShapeMismatchException"/> when the model is built.
/// </remarks>
public abstract record Initializer : Component
{
    private protected Initializer()
    {
    }

    /// <summary>Zeros.</summary>
    public static Initializer Zeros { get; } = new ZerosInitializer();

    /// <summary>Ones.</summary>
    public static Initializer Ones { get; } = new OnesInitializer();

    /// <summary>The identity matrix; for parameters of two dimensions.</summary>
    public static Initializer Eye { get; } = new EyeInitializer();

    // The class is the core's name and "Initializer".
    internal sealed override string TypeName => GetType().Name.Substring(0, GetType().Name.Length - "Initializer".Length);

    /// <summary>One number everywhere.</summary>
    public static Initializer Constant(double value) => new ConstantInitializer(Check.Finite(value, nameof(value)));

    /// <summary>Uniform from <paramref name="low"/> to below <paramref name="high"/>.</summary>
    public static Initializer Uniform(double low = 0, double high = 1)
    {
        Check.Range(low, high, nameof(low), nameof(high));
        return new UniformInitializer(low, high);
    }

    /// <summary>Normal with a mean and a standard deviation.</summary>
    public static Initializer Normal(double mean = 0, double std = 1)
        => new NormalInitializer(Check.Finite(mean, nameof(mean)), Check.NonNegative(std, nameof(std)));

    /// <summary>Normal, of which only numbers from <paramref name="low"/> to <paramref name="high"/> count.</summary>
    public static Initializer TruncatedNormal(double mean = 0, double std = 1, double low = -2, double high = 2)
    {
        Check.Range(low, high, nameof(low), nameof(high));
        return new TruncatedNormalInitializer(Check.Finite(mean, nameof(mean)), Check.NonNegative(std, nameof(std)), low, high);
    }

    /// <summary>Uniform with variance gain² · 2 / (fan in + fan out) (Glorot and Bengio 2010); see <see cref="Gain"/>.</summary>
    public static Initializer XavierUniform(double gain = 1) => new XavierUniformInitializer(Check.Finite(gain, nameof(gain)));

    /// <summary>Normal with variance gain² · 2 / (fan in + fan out) (Glorot and Bengio 2010); see <see cref="Gain"/>.</summary>
    public static Initializer XavierNormal(double gain = 1) => new XavierNormalInitializer(Check.Finite(gain, nameof(gain)));

    /// <summary>Uniform with variance gain² / fan (He et al. 2015), the gain being that of the nonlinearity behind the layer.</summary>
    /// <param name="negativeSlope">Slope below zero of <see cref="Nonlinearity.LeakyReLU"/>.</param>
    /// <param name="mode">Which fan.</param>
    /// <param name="nonlinearity">What follows the layer.</param>
    public static Initializer KaimingUniform(
        double negativeSlope = 0, FanMode mode = FanMode.FanIn, Nonlinearity nonlinearity = Nonlinearity.LeakyReLU)
        => new KaimingUniformInitializer(Check.Finite(negativeSlope, nameof(negativeSlope)), mode, nonlinearity);

    /// <summary>Normal with variance gain² / fan (He et al. 2015), the gain being that of the nonlinearity behind the layer.</summary>
    /// <inheritdoc cref="KaimingUniform" path="/param"/>
    public static Initializer KaimingNormal(
        double negativeSlope = 0, FanMode mode = FanMode.FanIn, Nonlinearity nonlinearity = Nonlinearity.LeakyReLU)
        => new KaimingNormalInitializer(Check.Finite(negativeSlope, nameof(negativeSlope)), mode, nonlinearity);

    /// <summary>
    /// Orthogonal rows, or columns where those are fewer, of length gain (Saxe et al. 2013); all dimensions but the first count as
    /// one. For parameters of at least two dimensions.
    /// </summary>
    public static Initializer Orthogonal(double gain = 1) => new OrthogonalInitializer(Check.Finite(gain, nameof(gain)));

    /// <summary>Normal with mean 0, of which in every column a share, rounded up, is zero (Martens 2010); for two dimensions.</summary>
    /// <param name="sparsity">The share, from 0 to 1.</param>
    /// <param name="std">Standard deviation of the others.</param>
    public static Initializer Sparse(double sparsity, double std = 0.01)
        => new SparseInitializer(Check.Probability(sparsity, nameof(sparsity)), Check.NonNegative(std, nameof(std)));

    /// <summary>A convolution that passes its input on, in each group; for parameters of three to five dimensions.</summary>
    public static Initializer Dirac(int groups = 1) => new DiracInitializer(Check.Positive(groups, nameof(groups)));

    /// <summary>These numbers; the shape must be the parameter's.</summary>
    /// <exception cref="ArgumentException">A number is not finite.</exception>
    public static Initializer FromArray(TensorView array)
    {
        var data = new TensorData(array).ToDoubles();
        foreach (var value in data)
            Check.Finite(value, nameof(array));
        return new ArrayInitializer(array.Shape, data);
    }

    /// <summary>
    /// What a nonlinearity takes from a standard deviation, as <c>torch.nn.init.calculate_gain</c>: 1 for linear layers and sigmoid,
    /// 5/3 for tanh, √2 for ReLU, √(2 / (1 + slope²)) for leaky ReLU, 3/4 for SELU.
    /// </summary>
    /// <param name="nonlinearity">What follows the layer.</param>
    /// <param name="negativeSlope">Slope below zero of <see cref="Nonlinearity.LeakyReLU"/>.</param>
    public static double Gain(Nonlinearity nonlinearity, double negativeSlope = 0.01) => nonlinearity switch
    {
        Nonlinearity.Tanh => 5.0 / 3,
        Nonlinearity.ReLU => Math.Sqrt(2),
        Nonlinearity.LeakyReLU => Math.Sqrt(2 / (1 + (negativeSlope * negativeSlope))),
        Nonlinearity.SELU => 0.75,
        _ => 1,
    };
}
