namespace ExBurn;

/// <summary>
/// Fully connected layer, <c>y = x Wᵀ + b</c>: [..., in] to [..., out].
/// State: <c>weight</c> [out, in], <c>bias</c> [out], both drawn from U(-1/√in, 1/√in).
/// </summary>
/// <param name="InFeatures">Size of the last dimension of the input.</param>
/// <param name="OutFeatures">Size of the last dimension of the output.</param>
public sealed record Linear(int InFeatures, int OutFeatures) : Layer
{
    /// <summary>Size of the last dimension of the input.</summary>
    public int InFeatures { get; init => field = Check.Positive(value); } = Check.Positive(InFeatures);

    /// <summary>Size of the last dimension of the output.</summary>
    public int OutFeatures { get; init => field = Check.Positive(value); } = Check.Positive(OutFeatures);

    /// <summary>Whether a bias is added. Default true.</summary>
    public bool Bias { get; init; } = true;

    internal override Shape? SampleShape => [InFeatures];

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("in_features", InFeatures)
        .Add("out_features", OutFeatures)
        .Add("bias", Bias);
}
