namespace ExBurn;

/// <summary>How <see cref="Trainer.CheckGradients(TensorView, TensorView, GradientCheckOptions?)"/> works.</summary>
public sealed record GradientCheckOptions
{
    /// <summary>Distance to both sides, times max(1, |value|). Default 1e-5, for double precision.</summary>
    public double Step { get; init => field = Check.Positive(value); } = 1e-5;

    /// <summary>Elements tried of each parameter, drawn at random where it has more. Two passes each. Default 16.</summary>
    public int SamplesPerParameter { get; init => field = Check.Positive(value); } = 16;

    /// <summary>Allowed difference as a share of the larger of the two numbers. Default 1e-4.</summary>
    public double RelativeTolerance { get; init => field = Check.NonNegative(value); } = 1e-4;

    /// <summary>Allowed difference on top. Default 1e-7.</summary>
    public double AbsoluteTolerance { get; init => field = Check.NonNegative(value); } = 1e-7;

    /// <summary>Fixes which elements are drawn. Default 0.</summary>
    public int Seed { get; init; }
}

/// <summary>What comparing gradients with differences gave for one parameter.</summary>
/// <param name="Name">Name of the parameter.</param>
/// <param name="Checked">Elements compared.</param>
/// <param name="MaxError">The largest difference.</param>
/// <param name="WorstElement">Where it is, row-major.</param>
/// <param name="Exact">The gradient there, by automatic differentiation.</param>
/// <param name="Numerical">The gradient there, by central differences.</param>
/// <param name="Passed">Whether all elements agree within the tolerances.</param>
public sealed record ParameterCheck(string Name, int Checked, double MaxError, long WorstElement, double Exact, double Numerical, bool Passed)
{
    /// <summary>Reads as <c>0.weight: 16 elements agree, largest difference 3.1E-11</c>.</summary>
    public override string ToString() => Passed
        ? FormattableString.Invariant($"{Name}: {Checked} elements agree, largest difference {MaxError:0.0E+0}")
        : FormattableString.Invariant($"{Name}: element {WorstElement} has the gradient {Exact:R}, differences give {Numerical:R}");
}

/// <summary>What comparing gradients with differences gave.</summary>
/// <param name="Parameters">By parameter, in the model's order.</param>
public sealed record GradientCheck(ValueArray<ParameterCheck> Parameters)
{
    /// <summary>Whether all agree.</summary>
    public bool Passed => Parameters.All(parameter => parameter.Passed);

    /// <summary>A line per parameter.</summary>
    public override string ToString() => string.Join(Environment.NewLine, Parameters);
}
