namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="MSELoss"/>
    public static MSELoss MeanSquaredError() => new();
}

/// <summary>Mean of (prediction − target)², both floats of one shape.</summary>
public sealed record MSELoss : Loss;
