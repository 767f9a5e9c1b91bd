namespace ExBurn;

/// <summary>The input mirrored around its border, which is not repeated: [N, C, L] to [N, C, L']. No state.</summary>
/// <param name="Padding">How many on each side: left and right; negative numbers remove.</param>
public sealed record ReflectionPad1d(Sides1 Padding) : Layer
{
    internal override void WriteConfig(ConfigWriter config) => config
        .Add("padding", Padding);
}

/// <summary>The input mirrored around its border, which is not repeated: [N, C, H, W] to [N, C, H', W']. No state.</summary>
/// <param name="Padding">How many on each side: left, right, top, bottom; negative numbers remove.</param>
public sealed record ReflectionPad2d(Sides2 Padding) : Layer
{
    internal override void WriteConfig(ConfigWriter config) => config
        .Add("padding", Padding);
}

/// <summary>The input mirrored around its border, which is not repeated: [N, C, D, H, W] to [N, C, D', H', W']. No state.</summary>
/// <param name="Padding">How many on each side: left, right, top, bottom, front, back; negative numbers remove.</param>
public sealed record ReflectionPad3d(Sides3 Padding) : Layer
{
    internal override void WriteConfig(ConfigWriter config) => config
        .Add("padding", Padding);
}
