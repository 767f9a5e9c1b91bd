namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="L1Loss"/>
    public static L1Loss MeanAbsoluteError() => new();
}

/// <summary>Mean of |prediction − target|, both floats of one shape.</summary>
public sealed record L1Loss : Loss;
