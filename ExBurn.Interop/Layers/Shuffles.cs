namespace ExBurn;

/// <summary>Blocks of channels become blocks of pixels: [.., C·r², H, W] to [.., C, H·r, W·r]. No state.</summary>
/// <param name="UpscaleFactor">The factor r.</param>
public sealed record PixelShuffle(int UpscaleFactor) : Layer
{
    /// <summary>The factor r.</summary>
    public int UpscaleFactor { get; init => field = Check.Positive(value); } = Check.Positive(UpscaleFactor);

    internal override void WriteConfig(ConfigWriter config) => config.Add("upscale_factor", UpscaleFactor);
}

/// <summary>The reverse of <see cref="PixelShuffle"/>: [.., C, H·r, W·r] to [.., C·r², H, W]. No state.</summary>
/// <param name="DownscaleFactor">The factor r.</param>
public sealed record PixelUnshuffle(int DownscaleFactor) : Layer
{
    /// <summary>The factor r.</summary>
    public int DownscaleFactor { get; init => field = Check.Positive(value); } = Check.Positive(DownscaleFactor);

    internal override void WriteConfig(ConfigWriter config) => config.Add("downscale_factor", DownscaleFactor);
}

/// <summary>Channel i of group g becomes channel g of group i: [N, C, ..] to the same shape. No state.</summary>
/// <param name="Groups">Number of groups, which divides C.</param>
public sealed record ChannelShuffle(int Groups) : Layer
{
    /// <summary>Number of groups, which divides C.</summary>
    public int Groups { get; init => field = Check.Positive(value); } = Check.Positive(Groups);

    internal override void WriteConfig(ConfigWriter config) => config.Add("groups", Groups);
}
