namespace ExBurn;

internal sealed record ZerosInitializer : Initializer;

internal sealed record OnesInitializer : Initializer;

internal sealed record EyeInitializer : Initializer;

internal sealed record ConstantInitializer(double Value) : Initializer
{
    internal override void WriteConfig(ConfigWriter config) => config.Add("val", Value);
}

internal sealed record UniformInitializer(double Low, double High) : Initializer
{
    internal override void WriteConfig(ConfigWriter config) => config.Add("a", Low).Add("b", High);
}

internal sealed record NormalInitializer(double Mean, double Std) : Initializer
{
    internal override void WriteConfig(ConfigWriter config) => config.Add("mean", Mean).Add("std", Std);
}

internal sealed record TruncatedNormalInitializer(double Mean, double Std, double Low, double High) : Initializer
{
    internal override void WriteConfig(ConfigWriter config) => config.Add("mean", Mean).Add("std", Std).Add("a", Low).Add("b", High);
}

internal sealed record XavierUniformInitializer(double GainFactor) : Initializer
{
    internal override void WriteConfig(ConfigWriter config) => config.Add("gain", GainFactor);
}

internal sealed record XavierNormalInitializer(double GainFactor) : Initializer
{
    internal override void WriteConfig(ConfigWriter config) => config.Add("gain", GainFactor);
}

/// <summary>What the two Kaiming initializers have in common.</summary>
internal abstract record KaimingInitializer(double NegativeSlope, FanMode Mode, Nonlinearity Nonlinearity) : Initializer
{
    internal override void WriteConfig(ConfigWriter config) => config
        .Add("a", NegativeSlope)
        .Add("mode", Mode == FanMode.FanOut ? "fan_out" : "fan_in")
        .Add("nonlinearity", Nonlinearity switch
        {
            Nonlinearity.Sigmoid => "sigmoid",
            Nonlinearity.Tanh => "tanh",
            Nonlinearity.ReLU => "relu",
            Nonlinearity.LeakyReLU => "leaky_relu",
            Nonlinearity.SELU => "selu",
            _ => "linear",
        });
}

internal sealed record KaimingUniformInitializer(double NegativeSlope, FanMode Mode, Nonlinearity Nonlinearity)
    : KaimingInitializer(NegativeSlope, Mode, Nonlinearity);

internal sealed record KaimingNormalInitializer(double NegativeSlope, FanMode Mode, Nonlinearity Nonlinearity)
    : KaimingInitializer(NegativeSlope, Mode, Nonlinearity);

internal sealed record OrthogonalInitializer(double GainFactor) : Initializer
{
    internal override void WriteConfig(ConfigWriter config) => config.Add("gain", GainFactor);
}

internal sealed record SparseInitializer(double Sparsity, double Std) : Initializer
{
    internal override void WriteConfig(ConfigWriter config) => config.Add("sparsity", Sparsity).Add("std", Std);
}

internal sealed record DiracInitializer(int Groups) : Initializer
{
    internal override void WriteConfig(ConfigWriter config) => config.Add("groups", Groups);
}

internal sealed record ArrayInitializer(Shape Shape, ValueArray<double> Data) : Initializer
{
    internal override void WriteConfig(ConfigWriter config) => config.Add("shape", Shape).Add("data", Data);
}
