namespace ExBurn;

/// <summary>The input's other side around it: [N, C, L] to [N, C, L']. No state.</summary>
/// <param name="Padding">How many on each side: left and right; negative numbers remove.</param>
public sealed record CircularPad1d(Sides1 Padding) : Layer
{
    internal override void WriteConfig(ConfigWriter config) => config
        .Add("padding", Padding);
}

/// <summary>The input's other side around it: [N, C, H, W] to [N, C, H', W']. No state.</summary>
/// <param name="Padding">How many on each side: left, right, top, bottom; negative numbers remove.</param>
public sealed record CircularPad2d(Sides2 Padding) : Layer
{
    internal override void WriteConfig(ConfigWriter config) => config
        .Add("padding", Padding);
}

/// <summary>The input's other side around it: [N, C, D, H, W] to [N, C, D', H', W']. No state.</summary>
/// <param name="Padding">How many on each side: left, right, top, bottom, front, back; negative numbers remove.</param>
public sealed record CircularPad3d(Sides3 Padding) : Layer
{
    internal override void WriteConfig(ConfigWriter config) => config
        .Add("padding", Padding);
}
