namespace ExBurn;

/// <summary>A number around the last dimension of an input of any rank. No state.</summary>
/// <param name="Padding">How many on each side: left and right; negative numbers remove.</param>
/// <param name="Value">What the padding holds.</param>
public sealed record ConstantPad1d(Sides1 Padding, double Value) : Layer
{
    /// <summary>What the padding holds.</summary>
    public double Value { get; init => field = Check.Finite(value); } = Check.Finite(Value);

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("padding", Padding)
        .Add("value", Value);
}

/// <summary>A number around the last two dimensions of an input of any rank. No state.</summary>
/// <param name="Padding">How many on each side: left, right, top, bottom; negative numbers remove.</param>
/// <param name="Value">What the padding holds.</param>
public sealed record ConstantPad2d(Sides2 Padding, double Value) : Layer
{
    /// <summary>What the padding holds.</summary>
    public double Value { get; init => field = Check.Finite(value); } = Check.Finite(Value);

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("padding", Padding)
        .Add("value", Value);
}

/// <summary>A number around the last three dimensions of an input of any rank. No state.</summary>
/// <param name="Padding">How many on each side: left, right, top, bottom, front, back; negative numbers remove.</param>
/// <param name="Value">What the padding holds.</param>
public sealed record ConstantPad3d(Sides3 Padding, double Value) : Layer
{
    /// <summary>What the padding holds.</summary>
    public double Value { get; init => field = Check.Finite(value); } = Check.Finite(Value);

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("padding", Padding)
        .Add("value", Value);
}
