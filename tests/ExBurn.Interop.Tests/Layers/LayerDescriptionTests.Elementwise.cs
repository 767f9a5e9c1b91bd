namespace ExBurn.Tests.Layers;

public sealed partial class LayerDescriptionTests
{
    private static (Layer, string)[] Elementwise =>
    [
        (new ReLU6(), """{"type":"ReLU6","config":{}}"""),
        (new PReLU(), """{"type":"PReLU","config":{"num_parameters":1,"init":0.25}}"""),
        (new PReLU(3, 0.1), """{"type":"PReLU","config":{"num_parameters":3,"init":0.1}}"""),
        (new RReLU(0.25, 0.5), """{"type":"RReLU","config":{"lower":0.25,"upper":0.5}}"""),
        (new ELU(), """{"type":"ELU","config":{"alpha":1}}"""),
        (new CELU(1.3), """{"type":"CELU","config":{"alpha":1.3}}"""),
        (new SELU(), """{"type":"SELU","config":{}}"""),
        (new QuickGELU(), """{"type":"QuickGELU","config":{}}"""),
        (new Mish(), """{"type":"Mish","config":{}}"""),
        (new LogSigmoid(), """{"type":"LogSigmoid","config":{}}"""),
        (new Softplus(), """{"type":"Softplus","config":{"beta":1,"threshold":20}}"""),
        (new Softsign(), """{"type":"Softsign","config":{}}"""),
        (new Hardtanh(), """{"type":"Hardtanh","config":{"min_val":-1,"max_val":1}}"""),
        (new Hardtanh(-0.7, 0.9), """{"type":"Hardtanh","config":{"min_val":-0.7,"max_val":0.9}}"""),
        (new Hardsigmoid(), """{"type":"Hardsigmoid","config":{}}"""),
        (new Hardswish(), """{"type":"Hardswish","config":{}}"""),
        (new Hardshrink(), """{"type":"Hardshrink","config":{"lambd":0.5}}"""),
        (new Softshrink(0.4), """{"type":"Softshrink","config":{"lambd":0.4}}"""),
        (new Tanhshrink(), """{"type":"Tanhshrink","config":{}}"""),
        (new Threshold(0.1, -2), """{"type":"Threshold","config":{"threshold":0.1,"value":-2}}"""),
        (new GLU(), """{"type":"GLU","config":{"dim":-1}}"""),
        (new SwiGLU(1), """{"type":"SwiGLU","config":{"dim":1}}"""),
        (new GEGLU(), """{"type":"GEGLU","config":{"dim":-1}}"""),
        (new Softmin(1), """{"type":"Softmin","config":{"dim":1}}"""),
        (new Softmax2d(), """{"type":"Softmax2d","config":{}}"""),
        (new Identity(), """{"type":"Identity","config":{}}"""),
        (new Dropout1d(), """{"type":"Dropout1d","config":{"p":0.5}}"""),
        (new Dropout2d(), """{"type":"Dropout2d","config":{"p":0.5}}"""),
        (new Dropout3d(), """{"type":"Dropout3d","config":{"p":0.5}}"""),
        (new AlphaDropout(), """{"type":"AlphaDropout","config":{"p":0.5}}"""),
        (new StochasticDepth(0.2), """{"type":"StochasticDepth","config":{"p":0.2}}"""),
        (new FeatureAlphaDropout(), """{"type":"FeatureAlphaDropout","config":{"p":0.5}}"""),
        (new Dropout2d(0.2), """{"type":"Dropout2d","config":{"p":0.2}}"""),
        (new GaussianNoise(), """{"type":"GaussianNoise","config":{"std":0.1}}"""),
        (new GaussianDropout(0.2), """{"type":"GaussianDropout","config":{"p":0.2}}"""),
    ];
}
