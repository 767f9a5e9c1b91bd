namespace ExBurn.Tests.Optimizers;

public sealed class OptimizerDescriptionTests
{
    public static TheoryData<Optimizer, string> Descriptions => new()
    {
        { new SGD(), """{"type":"SGD","config":{"lr":0.001,"momentum":0,"dampening":0,"weight_decay":0,"nesterov":false,"maximize":false}}""" },
        {
            new SGD(0.1) { Momentum = 0.9, Dampening = 0.5, WeightDecay = 0.01, Maximize = true },
            """{"type":"SGD","config":{"lr":0.1,"momentum":0.9,"dampening":0.5,"weight_decay":0.01,"nesterov":false,"maximize":true}}"""
        },
        { new Adam(), """{"type":"Adam","config":{"lr":0.001,"betas":[0.9,0.999],"eps":1E-08,"weight_decay":0,"amsgrad":false,"decoupled_weight_decay":false,"maximize":false}}""" },
        {
            new Adam(0.05) { Betas = (0.8, 0.95), Eps = 1e-6, WeightDecay = 0.1, AmsGrad = true },
            """{"type":"Adam","config":{"lr":0.05,"betas":[0.8,0.95],"eps":1E-06,"weight_decay":0.1,"amsgrad":true,"decoupled_weight_decay":false,"maximize":false}}"""
        },
        { new AdamW(), """{"type":"AdamW","config":{"lr":0.001,"betas":[0.9,0.999],"eps":1E-08,"weight_decay":0.01,"amsgrad":false,"maximize":false}}""" },
        { new RMSprop(), """{"type":"RMSprop","config":{"lr":0.01,"alpha":0.99,"eps":1E-08,"weight_decay":0,"momentum":0,"centered":false,"maximize":false}}""" },
        { new Adagrad(), """{"type":"Adagrad","config":{"lr":0.01,"lr_decay":0,"weight_decay":0,"initial_accumulator_value":0,"eps":1E-10,"maximize":false}}""" },
        { new Adadelta(), """{"type":"Adadelta","config":{"lr":1,"rho":0.9,"eps":1E-06,"weight_decay":0,"maximize":false}}""" },
        { new Adamax(), """{"type":"Adamax","config":{"lr":0.002,"betas":[0.9,0.999],"eps":1E-08,"weight_decay":0,"maximize":false}}""" },
        {
            new NAdam(),
            """{"type":"NAdam","config":{"lr":0.002,"betas":[0.9,0.999],"eps":1E-08,"weight_decay":0,"momentum_decay":0.004,"decoupled_weight_decay":false,"maximize":false}}"""
        },
        { new RAdam(), """{"type":"RAdam","config":{"lr":0.001,"betas":[0.9,0.999],"eps":1E-08,"weight_decay":0,"decoupled_weight_decay":false,"maximize":false}}""" },
        { new ASGD(), """{"type":"ASGD","config":{"lr":0.01,"lambd":0.0001,"alpha":0.75,"t0":1000000,"weight_decay":0,"maximize":false}}""" },
        { new Rprop(), """{"type":"Rprop","config":{"lr":0.01,"etas":[0.5,1.2],"step_sizes":[1E-06,50],"maximize":false}}""" },
        { new LAMB(), """{"type":"LAMB","config":{"lr":0.001,"betas":[0.9,0.999],"eps":1E-06,"weight_decay":0,"max_trust_ratio":null,"maximize":false}}""" },
        { new Lion(), """{"type":"Lion","config":{"lr":0.0001,"betas":[0.9,0.99],"weight_decay":0,"maximize":false}}""" },
        { new Adafactor(), """{"type":"Adafactor","config":{"lr":0.01,"beta2_decay":-0.8,"eps":[null,0.001],"d":1,"weight_decay":0,"maximize":false}}""" },
        {
            new Muon(),
            """{"type":"Muon","config":{"lr":0.001,"weight_decay":0.1,"momentum":0.95,"nesterov":true,"ns_coefficients":[3.4445,-4.775,2.0315],"eps":1E-07,"ns_steps":5,"adjust_lr_fn":"original"}}"""
        },
    };

    [Theory]
    [MemberData(nameof(Descriptions), DisableDiscoveryEnumeration = true)]
    public void An_optimizer_sends_PyTorchs_options(Optimizer optimizer, string json) => Assert.Equal(json, optimizer.ToJson());

    [Fact]
    public void Every_optimizer_has_a_pinned_description()
    {
        var pinned = Descriptions.Select(row => ((object[])row)[0].GetType()).ToHashSet();
        Assert.DoesNotContain(typeof(Optimizer).Assembly.GetTypes(), type => type.IsSubclassOf(typeof(Optimizer)) && !type.IsAbstract && !pinned.Contains(type));
    }

    [Fact]
    public void A_wrong_option_is_named()
    {
        Assert.Equal("LearningRate", Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(-1)).ParamName);
        Assert.Equal("LearningRate", Assert.Throws<ArgumentOutOfRangeException>(() => new SGD(double.NaN)).ParamName);
        Assert.Equal("Betas", Assert.Throws<ArgumentOutOfRangeException>(() => new Adam { Betas = (0.9, 1) }).ParamName);
        Assert.Equal("WeightDecay", Assert.Throws<ArgumentOutOfRangeException>(() => new AdamW { WeightDecay = -0.1 }).ParamName);
        Assert.Equal("Etas", Assert.Throws<ArgumentOutOfRangeException>(() => new Rprop { Etas = (0.5, 0.9) }).ParamName);
        Assert.Equal("StepSizes", Assert.Throws<ArgumentOutOfRangeException>(() => new Rprop { StepSizes = (2, 1) }).ParamName);
        Assert.Equal("Rho", Assert.Throws<ArgumentOutOfRangeException>(() => new Adadelta { Rho = 1.1 }).ParamName);
        Assert.Equal("Beta2Decay", Assert.Throws<ArgumentOutOfRangeException>(() => new Adafactor { Beta2Decay = 0.1 }).ParamName);
        Assert.Equal("ClippingThreshold", Assert.Throws<ArgumentOutOfRangeException>(() => new Adafactor { ClippingThreshold = 0.5 }).ParamName);
        Assert.Equal("MaxTrustRatio", Assert.Throws<ArgumentOutOfRangeException>(() => new LAMB { MaxTrustRatio = 0 }).ParamName);
        Assert.Equal("Steps", Assert.Throws<ArgumentOutOfRangeException>(() => new Muon { Steps = 100 }).ParamName);
        Assert.Equal("Momentum", Assert.Throws<ArgumentOutOfRangeException>(() => new SGD { Momentum = -0.1 }).ParamName);
    }

    [Fact]
    public void Optimizers_are_values() => Assert.Equal(new Adam(1e-3) { WeightDecay = 0.1 }, new Adam { WeightDecay = 0.1 });
}
