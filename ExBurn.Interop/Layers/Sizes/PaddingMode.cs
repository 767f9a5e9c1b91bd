namespace ExBurn;

/// <summary>What a convolution's padding holds.</summary>
public enum PaddingMode
{
    /// <summary>Zeros.</summary>
    Zeros,

    /// <summary>The input mirrored at its border, the border itself not repeated.</summary>
    Reflect,

    /// <summary>The border's values.</summary>
    Replicate,

    /// <summary>The input's other side.</summary>
    Circular,
}

internal static class PaddingModes
{
    public static string NativeName(this PaddingMode mode) => mode switch
    {
        PaddingMode.Zeros => "zeros",
        PaddingMode.Reflect => "reflect",
        PaddingMode.Replicate => "replicate",
        PaddingMode.Circular => "circular",
        _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "unknown padding mode"),
    };
}
