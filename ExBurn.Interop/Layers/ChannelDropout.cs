namespace ExBurn;

/// <summary>A layer that drops at random in training, and otherwise passes the input on. No state.</summary>
public abstract record RandomDropout : Layer
{
    private protected RandomDropout(double p) => P = p;

    /// <summary>Probability of being dropped, from 0 to 1. Default 0.5.</summary>
    public double P { get; init => field = Check.Probability(value); }

    internal override void WriteConfig(ConfigWriter config) => config.Add("p", P);
}

/// <summary>In training sets whole channels of [N, C, L] or [C, L] to zero and divides the others by 1 − p. No state.</summary>
/// <param name="P">Probability of being dropped, from 0 to 1.</param>
public sealed record Dropout1d(double P = 0.5) : RandomDropout(P);

/// <summary>In training sets whole channels of [N, C, H, W] or [N, C, L] to zero and divides the others by 1 − p. No state.</summary>
/// <param name="P">Probability of being dropped, from 0 to 1.</param>
public sealed record Dropout2d(double P = 0.5) : RandomDropout(P);

/// <summary>In training sets whole channels of [N, C, D, H, W] or [C, D, H, W] to zero and divides the others by 1 − p. No state.</summary>
/// <param name="P">Probability of being dropped, from 0 to 1.</param>
public sealed record Dropout3d(double P = 0.5) : RandomDropout(P);

/// <summary>
/// Dropout for <see cref="SELU"/>: in training sets elements to its limit far below zero, and scales and shifts all so that
/// mean 0 and variance 1 stay (Klambauer et al. 2017). Any shape, no state.
/// </summary>
/// <param name="P">Probability of being dropped, from 0 to 1.</param>
public sealed record AlphaDropout(double P = 0.5) : RandomDropout(P);

/// <summary><see cref="AlphaDropout"/> of whole channels of [N, C, ...]. No state.</summary>
/// <param name="P">Probability of being dropped, from 0 to 1.</param>
public sealed record FeatureAlphaDropout(double P = 0.5) : RandomDropout(P);

/// <summary>
/// Stochastic depth (Huang et al. 2016), torchvision's mode <c>row</c>: in training sets whole samples to zero and divides the others by
/// 1 − p; before a residual sum that leaves the block out. Any shape, no state.
/// </summary>
/// <param name="P">Probability of being dropped, from 0 to 1.</param>
public sealed record StochasticDepth(double P = 0.5) : RandomDropout(P);
