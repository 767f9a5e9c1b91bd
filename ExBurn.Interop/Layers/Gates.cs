namespace ExBurn;

/// <summary>
/// The first half of a dimension times a function of the second half, so that the dimension's size, which is even, halves.
/// Any shape, no state.
/// </summary>
public abstract record Gate : Layer
{
    private protected Gate(int dim) => Dim = dim;

    /// <summary>Dimension to halve; negative counts from the last. Default -1.</summary>
    public int Dim { get; init; }

    internal override void WriteConfig(ConfigWriter config) => config.Add("dim", Dim);
}

/// <summary>Gated linear unit: the first half times the sigmoid of the second.</summary>
/// <remarks><inheritdoc cref="Gate" path="/summary"/></remarks>
/// <param name="Dim">Dimension to halve; negative counts from the last.</param>
public sealed record GLU(int Dim = -1) : Gate(Dim);

/// <summary>The first half times <see cref="SiLU"/> of the second (Shazeer 2020).</summary>
/// <remarks><inheritdoc cref="Gate" path="/summary"/></remarks>
/// <param name="Dim">Dimension to halve; negative counts from the last.</param>
public sealed record SwiGLU(int Dim = -1) : Gate(Dim);

/// <summary>The first half times <see cref="GELU"/> of the second (Shazeer 2020).</summary>
/// <remarks><inheritdoc cref="Gate" path="/summary"/></remarks>
/// <param name="Dim">Dimension to halve; negative counts from the last.</param>
public sealed record GEGLU(int Dim = -1) : Gate(Dim);
