using Family = System.Collections.Generic.Dictionary<string, (string[] Positions, System.Func<ExBurn.Tests.Layers.LayerCases.Options, ExBurn.Layer> Make)>;

namespace ExBurn.Tests.Layers;

internal static partial class LayerCases
{
    private static Family Elementwise => new()
    {
        ["ReLU6"] = ([], _ => new ReLU6()),
        ["PReLU"] = (["num_parameters", "init"], o => new PReLU(o.Int("num_parameters", 1), o.Number("init", 0.25))),
        ["RReLU"] = (["lower", "upper"], o => new RReLU(o.Number("lower", 1.0 / 8), o.Number("upper", 1.0 / 3))),
        ["ELU"] = (["alpha"], o => new ELU(o.Number("alpha", 1))),
        ["CELU"] = (["alpha"], o => new CELU(o.Number("alpha", 1))),
        ["SELU"] = ([], _ => new SELU()),
        ["QuickGELU"] = ([], _ => new QuickGELU()),
        ["Mish"] = ([], _ => new Mish()),
        ["LogSigmoid"] = ([], _ => new LogSigmoid()),
        ["Softplus"] = (["beta", "threshold"], o => new Softplus(o.Number("beta", 1), o.Number("threshold", 20))),
        ["Softsign"] = ([], _ => new Softsign()),
        ["Hardtanh"] = (["min_val", "max_val"], o => new Hardtanh(o.Number("min_val", -1), o.Number("max_val", 1))),
        ["Hardsigmoid"] = ([], _ => new Hardsigmoid()),
        ["Hardswish"] = ([], _ => new Hardswish()),
        ["Hardshrink"] = (["lambd"], o => new Hardshrink(o.Number("lambd", 0.5))),
        ["Softshrink"] = (["lambd"], o => new Softshrink(o.Number("lambd", 0.5))),
        ["Tanhshrink"] = ([], _ => new Tanhshrink()),
        ["Threshold"] = (["threshold", "value"], o => new Threshold(o.Number("threshold", 0), o.Number("value", 0))),
        ["GLU"] = (["dim"], o => new GLU(o.Int("dim", -1))),
        ["SwiGLU"] = (["dim"], o => new SwiGLU(o.Int("dim", -1))),
        ["GEGLU"] = (["dim"], o => new GEGLU(o.Int("dim", -1))),
        ["Softmin"] = (["dim"], o => new Softmin(o.Int("dim"))),
        ["Softmax2d"] = ([], _ => new Softmax2d()),
        ["Identity"] = ([], _ => new Identity()),
        ["Dropout1d"] = (["p"], o => new Dropout1d(o.Number("p", 0.5))),
        ["Dropout2d"] = (["p"], o => new Dropout2d(o.Number("p", 0.5))),
        ["Dropout3d"] = (["p"], o => new Dropout3d(o.Number("p", 0.5))),
        ["AlphaDropout"] = (["p"], o => new AlphaDropout(o.Number("p", 0.5))),
        ["FeatureAlphaDropout"] = (["p"], o => new FeatureAlphaDropout(o.Number("p", 0.5))),
        ["GaussianNoise"] = (["std"], o => new GaussianNoise(o.Number("std", 0.1))),
        ["GaussianDropout"] = (["p"], o => new GaussianDropout(o.Number("p", 0.5))),
    };
}
