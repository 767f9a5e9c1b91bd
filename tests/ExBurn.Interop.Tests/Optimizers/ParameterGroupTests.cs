using ExBurn.Tests.Support;

namespace ExBurn.Tests.Optimizers;

public sealed class ParameterGroupTests
{
    [Fact]
    public void Groups_are_sent_beside_the_options()
    {
        var optimizer = new SGD(0.1)
        {
            Groups = [new ParameterGroup("*.bias") { WeightDecay = 0, LearningRate = 0.2 }, new ParameterGroup(new Lion(), "0.weight", "2")],
        };
        Assert.Contains(
            """
            "groups":[{"params":["*.bias"],"config":{"lr":0.2,"weight_decay":0}},{"params":["0.weight","2"],"type":"Lion","config":{"lr":0.0001,"betas":[0.9,0.99],"weight_decay":0,"maximize":false}}]
            """.Trim(),
            new CompileDescription([Loss.MeanSquaredError()], optimizer, [], ["output"]).ToJson());
    }

    [Fact]
    public void A_group_has_its_own_rate()
    {
        using var model = Net();
        model.Compile(new SGD(0.1) { Groups = [new ParameterGroup("*.bias") { LearningRate = 0 }] }, Loss.MeanSquaredError(), seed: 1);
        var before = model.GetState();
        var trainer = new Trainer(model);
        trainer.TrainStep(Points, Values);
        Assert.Equal(before["0.bias"].ToSingles(), model.GetState()["0.bias"].ToSingles());
        Assert.NotEqual(before["0.weight"].ToSingles(), model.GetState()["0.weight"].ToSingles());
    }

    [Fact]
    public void A_groups_rate_follows_the_optimizers()
    {
        float[] Bias(double rate, double group, double used)
        {
            using var model = Net();
            model.Compile(new SGD(rate) { Groups = [new ParameterGroup("*.bias") { LearningRate = group }] }, Loss.MeanSquaredError(), seed: 1);
            var trainer = new Trainer(model) { LearningRate = used };
            trainer.TrainStep(Points, Values);
            return model.GetState()["0.bias"].ToSingles();
        }
        Assert.Equal(Bias(0.5, 0.25, 0.25), Bias(0.5, 0.125, 0.5));
    }

    [Fact]
    public void Matrices_under_Muon_and_the_rest_under_AdamW()
    {
        using var model = Net();
        var error = Assert.Throws<ShapeMismatchException>(() => model.Compile(new Muon(), Loss.MeanSquaredError(), seed: 1));
        Assert.Contains("0.bias", error.Message);
        model.Compile(new Muon(0.02) { Groups = [new ParameterGroup(new AdamW(0.01), "*.bias")] }, Loss.MeanSquaredError(), seed: 1);
        var trainer = new Trainer(model);
        var first = trainer.TrainStep(Points, Values).Loss;
        for (var i = 0; i < 100; i++)
            trainer.TrainStep(Points, Values);
        Assert.True(trainer.EvaluateStep(Points, Values).Loss < 0.2 * first);
    }

    [Theory]
    [MemberData(nameof(OptimizerDescriptionTests.Descriptions), MemberType = typeof(OptimizerDescriptionTests), DisableDiscoveryEnumeration = true)]
    public void Every_optimizer_trains(Optimizer optimizer, string _)
    {
        using var model = Net();
        var usable = optimizer is Muon ? optimizer with { Groups = [new ParameterGroup(new AdamW(0.01), "*.bias")] } : optimizer;
        model.Compile(usable, Loss.MeanSquaredError(), seed: 1);
        var trainer = new Trainer(model);
        var first = trainer.TrainStep(Points, Values).Loss;
        for (var i = 0; i < 5; i++)
            trainer.TrainStep(Points, Values);
        var last = trainer.EvaluateStep(Points, Values).Loss;
        Assert.True(optimizer is SGD { Maximize: true } ? last > first : last < first, $"{first} -> {last}");
    }

    [Fact]
    public void Mistakes_are_named()
    {
        using var model = Net();
        void Compile(params ParameterGroup[] groups) => model.Compile(new SGD(0.1) { Groups = groups }, Loss.MeanSquaredError(), seed: 1);
        Assert.Contains("*.bais", Assert.ThrowsAny<Exception>(() => Compile(new ParameterGroup("*.bais"))).Message);
        Assert.Contains("0.bias", Assert.ThrowsAny<Exception>(() => Compile(new ParameterGroup("*.bias"), new ParameterGroup("0"))).Message);
        Assert.Throws<ArgumentException>(() => new ParameterGroup());
        Assert.Throws<ArgumentException>(() => new ParameterGroup(""));
        Assert.Throws<InvalidOperationException>(() => new ParameterGroup(new SGD(), "*.bias") { WeightDecay = 0 });
        Assert.Throws<ArgumentException>(() => new ParameterGroup(new SGD { Groups = [new ParameterGroup("0")] }, "1"));
        Assert.Equal("LearningRate", Assert.Throws<ArgumentOutOfRangeException>(() => new ParameterGroup("0") { LearningRate = -1 }).ParamName);
    }

    [Fact]
    public void Groups_are_values()
        => Assert.Equal(
            new Adam { Groups = [new ParameterGroup("*.bias") { WeightDecay = 0 }] },
            new Adam { Groups = [new ParameterGroup("*.bias") { WeightDecay = 0 }] });

    private static readonly float[,] Points = { { 1, 2 }, { -1, 0.5f }, { 0.5f, -2 }, { 2, 1 } };

    private static readonly float[,] Values = { { 1 }, { -2 }, { 3 }, { 0.5f } };

    private static Sequential Net() => new([new Linear(2, 8), new Tanh(), new Linear(8, 1)]);
}
