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
        { new Adam(), """{"type":"Adam","config":{"lr":0.001,"betas":[0.9,0.999],"eps":1E-08,"weight_decay":0,"amsgrad":false,"maximize":false}}""" },
        {
            new Adam(0.05) { Betas = (0.8, 0.95), Eps = 1e-6, WeightDecay = 0.1, AmsGrad = true },
            """{"type":"Adam","config":{"lr":0.05,"betas":[0.8,0.95],"eps":1E-06,"weight_decay":0.1,"amsgrad":true,"maximize":false}}"""
        },
        { new AdamW(), """{"type":"AdamW","config":{"lr":0.001,"betas":[0.9,0.999],"eps":1E-08,"weight_decay":0.01,"amsgrad":false,"maximize":false}}""" },
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
        Assert.Equal("Momentum", Assert.Throws<ArgumentOutOfRangeException>(() => new SGD { Momentum = -0.1 }).ParamName);
    }

    [Fact]
    public void Optimizers_are_values() => Assert.Equal(new Adam(1e-3) { WeightDecay = 0.1 }, new Adam { WeightDecay = 0.1 });
}
