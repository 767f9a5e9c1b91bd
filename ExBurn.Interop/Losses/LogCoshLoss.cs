namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="LogCoshLoss"/>
    public static LogCoshLoss LogCosh() => new();
}

/// <summary>
/// log(cosh(prediction − target)), both floats of one shape: nearly d² / 2 for small differences, |d| − log 2 for large ones.
/// </summary>
public sealed record LogCoshLoss : Loss;
