namespace ExBurn;

/// <summary>max(0, x) but at most 6. Any shape, no state.</summary>
public sealed record ReLU6 : Layer;

/// <summary>x where positive, <c>weight</c> · x elsewhere. State: <c>weight</c> [count], one for all or one per channel.</summary>
/// <param name="NumParameters">Number of weights: 1, or the channels of an input [N, C, ...].</param>
/// <param name="Init">First value of the weights.</param>
public sealed record PReLU(int NumParameters = 1, double Init = 0.25) : Layer
{
    /// <summary>Number of weights: 1, or the channels of an input [N, C, ...]. Default 1.</summary>
    public int NumParameters { get; init => field = Check.Positive(value); } = Check.Positive(NumParameters);

    /// <summary>First value of the weights. Default 0.25.</summary>
    public double Init { get; init => field = Check.Finite(value); } = Check.Finite(Init);

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("num_parameters", NumParameters)
        .Add("init", Init);
}

/// <summary>
/// x where positive, slope · x elsewhere; in training the slope is drawn from U(lower, upper) for each element, otherwise it is
/// their mean. Any shape, no state.
/// </summary>
/// <param name="Lower">Least slope.</param>
/// <param name="Upper">Largest slope, at least <paramref name="Lower"/>.</param>
public sealed record RReLU(double Lower = 1.0 / 8, double Upper = 1.0 / 3) : Layer
{
    /// <summary>Least slope. Default 1/8.</summary>
    public double Lower { get; init => field = Check.Finite(value); } = Check.Finite(Lower);

    /// <summary>Largest slope, at least <see cref="Lower"/>. Default 1/3.</summary>
    public double Upper { get; init => field = Check.Finite(value); } = Check.Finite(Upper);

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("lower", Lower)
        .Add("upper", Upper);
}

/// <summary>x where positive, alpha · (exp(x) − 1) elsewhere. Any shape, no state.</summary>
/// <param name="Alpha">Minus the limit far below zero.</param>
public sealed record ELU(double Alpha = 1) : Layer
{
    /// <summary>Minus the limit far below zero. Default 1.</summary>
    public double Alpha { get; init => field = Check.Finite(value); } = Check.Finite(Alpha);

    internal override void WriteConfig(ConfigWriter config) => config.Add("alpha", Alpha);
}

/// <summary>x where positive, alpha · (exp(x / alpha) − 1) elsewhere. Any shape, no state.</summary>
/// <param name="Alpha">Minus the limit far below zero; above 0.</param>
public sealed record CELU(double Alpha = 1) : Layer
{
    /// <summary>Minus the limit far below zero; above 0. Default 1.</summary>
    public double Alpha { get; init => field = Check.Positive(value); } = Check.Positive(Alpha);

    internal override void WriteConfig(ConfigWriter config) => config.Add("alpha", Alpha);
}

/// <summary>
/// 1.0507 · x where positive, 1.0507 · 1.6733 · (exp(x) − 1) elsewhere: keeps mean 0 and variance 1 (Klambauer et al. 2017).
/// Any shape, no state.
/// </summary>
public sealed record SELU : Layer;

/// <summary>x where above a limit, a fixed value elsewhere. Any shape, no state.</summary>
/// <param name="Limit">PyTorch's <c>threshold</c>.</param>
/// <param name="Value">What takes the place of numbers up to the limit.</param>
public sealed record Threshold(double Limit, double Value) : Layer
{
    /// <summary>PyTorch's <c>threshold</c>.</summary>
    public double Limit { get; init => field = Check.Finite(value); } = Check.Finite(Limit);

    /// <summary>What takes the place of numbers up to the limit.</summary>
    public double Value { get; init => field = Check.Finite(value); } = Check.Finite(Value);

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("threshold", Limit)
        .Add("value", Value);
}
