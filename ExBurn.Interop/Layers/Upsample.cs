namespace ExBurn;

/// <summary>How <see cref="Upsample"/> finds the values between those of the input.</summary>
public enum UpsampleMode
{
    /// <summary>The value at ⌊i · input / output⌋, for 1 to 3 dimensions.</summary>
    Nearest,

    /// <summary>The value at ⌊(i + ½) · input / output⌋, for 1 to 3 dimensions.</summary>
    NearestExact,

    /// <summary>A straight line between two values, for [N, C, L].</summary>
    Linear,

    /// <summary>A straight line along height and width, for [N, C, H, W].</summary>
    Bilinear,

    /// <summary>Cubic convolution (a = −¾) along height and width, for [N, C, H, W].</summary>
    Bicubic,

    /// <summary>A straight line along depth, height and width, for [N, C, D, H, W].</summary>
    Trilinear,
}

/// <summary>
/// Resizes what lies behind the channels: [N, C, ..] to [N, C, ..] with <see cref="Size"/> or with the input's sizes times
/// <see cref="ScaleFactor"/>, rounded down; exactly one of them must be set. No state.
/// </summary>
public sealed record Upsample : Layer
{
    /// <summary>Sizes of the result.</summary>
    public SpatialSize? Size { get; init => field = Check.Positive(value); }

    /// <summary>Sizes of the result over those of the input.</summary>
    public SpatialScale? ScaleFactor { get; init => field = Check.Positive(value); }

    /// <summary>How values between those of the input are found. Default nearest.</summary>
    public UpsampleMode Mode { get; init; }

    /// <summary>
    /// Whether the first and last values of input and output lie on each other; not for <see cref="UpsampleMode.Nearest"/> and
    /// <see cref="UpsampleMode.NearestExact"/>. Default false.
    /// </summary>
    public bool AlignCorners { get; init; }

    /// <summary>
    /// Whether positions follow the sizes that came out of <see cref="ScaleFactor"/> instead of the factor itself; they differ
    /// where a size was rounded. Default false.
    /// </summary>
    public bool RecomputeScaleFactor { get; init; }

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("size", Size)
        .Add("scale_factor", ScaleFactor)
        .Add("mode", NativeMode)
        .Add("align_corners", AlignCorners || Mode is not (UpsampleMode.Nearest or UpsampleMode.NearestExact) ? AlignCorners : null)
        .Add("recompute_scale_factor", RecomputeScaleFactor);

    private string NativeMode => Mode switch
    {
        UpsampleMode.Nearest => "nearest",
        UpsampleMode.NearestExact => "nearest-exact",
        UpsampleMode.Linear => "linear",
        UpsampleMode.Bilinear => "bilinear",
        UpsampleMode.Bicubic => "bicubic",
        UpsampleMode.Trilinear => "trilinear",
        _ => throw new ArgumentOutOfRangeException(nameof(Mode), Mode, "unknown mode"),
    };
}

/// <summary>
/// <see cref="Upsample"/> of [N, C, H, W] in mode <see cref="UpsampleMode.Nearest"/>. Exactly one of <see cref="Size"/> and
/// <see cref="ScaleFactor"/> must be set. No state.
/// </summary>
public sealed record UpsamplingNearest2d : Layer
{
    /// <summary>Height and width of the result.</summary>
    public Size2? Size { get; init => field = Check.Positive(value); }

    /// <summary>Height and width of the result over those of the input.</summary>
    public SpatialScale? ScaleFactor { get; init => field = Check.Positive(value); }

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("size", Size)
        .Add("scale_factor", ScaleFactor);
}

/// <summary>
/// <see cref="Upsample"/> of [N, C, H, W] in mode <see cref="UpsampleMode.Bilinear"/> with aligned corners. Exactly one of
/// <see cref="Size"/> and <see cref="ScaleFactor"/> must be set. No state.
/// </summary>
public sealed record UpsamplingBilinear2d : Layer
{
    /// <summary>Height and width of the result.</summary>
    public Size2? Size { get; init => field = Check.Positive(value); }

    /// <summary>Height and width of the result over those of the input.</summary>
    public SpatialScale? ScaleFactor { get; init => field = Check.Positive(value); }

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("size", Size)
        .Add("scale_factor", ScaleFactor);
}
