namespace ExBurn;

/// <summary>Zeros around the last dimension of an input of any rank. No state.</summary>
/// <param name="Padding">How many on each side: left and right; negative numbers remove.</param>
public sealed record ZeroPad1d(Sides1 Padding) : Layer
{
    internal override void WriteConfig(ConfigWriter config) => config
        .Add("padding", Padding);
}

/// <summary>Zeros around the last two dimensions of an input of any rank. No state.</summary>
/// <param name="Padding">How many on each side: left, right, top, bottom; negative numbers remove.</param>
public sealed record ZeroPad2d(Sides2 Padding) : Layer
{
    internal override void WriteConfig(ConfigWriter config) => config
        .Add("padding", Padding);
}

/// <summary>Zeros around the last three dimensions of an input of any rank. No state.</summary>
/// <param name="Padding">How many on each side: left, right, top, bottom, front, back; negative numbers remove.</param>
public sealed record ZeroPad3d(Sides3 Padding) : Layer
{
    internal override void WriteConfig(ConfigWriter config) => config
        .Add("padding", Padding);
}
