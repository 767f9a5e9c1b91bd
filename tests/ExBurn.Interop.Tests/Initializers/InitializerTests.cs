namespace ExBurn.Tests.Initializers;

/// <summary>Initializers from C# to the weights: what is sent, what arrives, what is refused.</summary>
public sealed class InitializerTests
{
    public static TheoryData<Initializer, string> Descriptions => new()
    {
        { Initializer.Zeros, """{"type":"Zeros","config":{}}""" },
        { Initializer.Ones, """{"type":"Ones","config":{}}""" },
        { Initializer.Eye, """{"type":"Eye","config":{}}""" },
        { Initializer.Constant(0.5), """{"type":"Constant","config":{"val":0.5}}""" },
        { Initializer.Uniform(-1), """{"type":"Uniform","config":{"a":-1,"b":1}}""" },
        { Initializer.Normal(0, 0.02), """{"type":"Normal","config":{"mean":0,"std":0.02}}""" },
        { Initializer.TruncatedNormal(std: 0.5), """{"type":"TruncatedNormal","config":{"mean":0,"std":0.5,"a":-2,"b":2}}""" },
        { Initializer.XavierUniform(), """{"type":"XavierUniform","config":{"gain":1}}""" },
        { Initializer.XavierNormal(2), """{"type":"XavierNormal","config":{"gain":2}}""" },
        { Initializer.KaimingUniform(), """{"type":"KaimingUniform","config":{"a":0,"mode":"fan_in","nonlinearity":"leaky_relu"}}""" },
        {
            Initializer.KaimingNormal(0.2, FanMode.FanOut, Nonlinearity.ReLU),
            """{"type":"KaimingNormal","config":{"a":0.2,"mode":"fan_out","nonlinearity":"relu"}}"""
        },
        { Initializer.Orthogonal(), """{"type":"Orthogonal","config":{"gain":1}}""" },
        { Initializer.Sparse(0.9), """{"type":"Sparse","config":{"sparsity":0.9,"std":0.01}}""" },
        { Initializer.Dirac(2), """{"type":"Dirac","config":{"groups":2}}""" },
        { Initializer.FromArray(new float[,] { { 1, 2 } }), """{"type":"Array","config":{"shape":[1,2],"data":[1,2]}}""" },
    };

    [Theory]
    [MemberData(nameof(Descriptions), DisableDiscoveryEnumeration = true)]
    public void An_initializer_sends_PyTorchs_options_and_the_core_knows_it(Initializer initializer, string json)
    {
        Assert.Equal(json, initializer.ToJson());
        Layer layer = json.Contains("Dirac", StringComparison.Ordinal) ? new Conv2d(1, 2, 3) : new Linear(2, 1);
        using var model = new Sequential(layer with { Initializers = [("weight", initializer)] });
        model.Build(seed: 1);
    }

    /// <summary>calculate_gain of PyTorch.</summary>
    [Theory]
    [InlineData(Nonlinearity.Linear, 1.0)]
    [InlineData(Nonlinearity.Sigmoid, 1.0)]
    [InlineData(Nonlinearity.Tanh, 1.6666666666666667)]
    [InlineData(Nonlinearity.ReLU, 1.4142135623730951)]
    [InlineData(Nonlinearity.LeakyReLU, 1.4141428569978354)]
    [InlineData(Nonlinearity.SELU, 0.75)]
    public void Gains_are_PyTorchs(Nonlinearity nonlinearity, double gain) => Assert.Equal(gain, Initializer.Gain(nonlinearity), 1e-15);

    [Fact]
    public void A_layer_starts_as_described()
    {
        using var model = new Sequential(
            new Linear(3, 3) { Initializers = [("weight", Initializer.Eye), ("bias", Initializer.Constant(2))] },
            new Linear(3, 2) { Initializers = [("*", Initializer.Ones), ("weight", Initializer.FromArray(new double[,] { { 1, 2, 3 }, { 4, 5, 6 } }))] });
        model.Build(seed: 3, dtype: DType.Float64);
        var state = model.GetState();
        Assert.Equal([1, 0, 0, 0, 1, 0, 0, 0, 1], state["0.weight"].ToDoubles());
        Assert.Equal([2, 2, 2], state["0.bias"].ToDoubles());
        Assert.Equal([1, 2, 3, 4, 5, 6], state["1.weight"].ToDoubles());
        Assert.Equal([1, 1], state["1.bias"].ToDoubles());
    }

    [Fact]
    public void A_built_model_is_drawn_anew()
    {
        using var model = new Sequential(new Linear(4, 4), new BatchNorm1d(4));
        Assert.Throws<InvalidOperationException>(() => model.Initialize("*", Initializer.Zeros));
        model.Build(seed: 3, dtype: DType.Float64);
        Assert.Equal(2, model.Initialize("*.bias", Initializer.Constant(0.5)));
        Assert.Equal(1, model.Initialize("0.weight", Initializer.Orthogonal(), 7));
        var state = model.GetState();
        Assert.All(state["0.bias"].ToDoubles().Concat(state["1.bias"].ToDoubles()), value => Assert.Equal(0.5, value));
        var q = state["0.weight"].ToDoubles();
        for (var i = 0; i < 4; i++)
            for (var j = 0; j < 4; j++)
                Assert.Equal(i == j ? 1 : 0, Enumerable.Range(0, 4).Sum(k => q[(i * 4) + k] * q[(j * 4) + k]), 1e-12);

        // A seed names the numbers; without one it is the model's.
        model.Initialize("0.weight", Initializer.Orthogonal(), 8);
        Assert.NotEqual(q, model.GetState()["0.weight"].ToDoubles());
        model.Initialize("0.weight", Initializer.Orthogonal(), 7);
        Assert.Equal(q, model.GetState()["0.weight"].ToDoubles());
        model.Initialize("0.weight", Initializer.Orthogonal());
        var own = model.GetState()["0.weight"].ToDoubles();
        model.Initialize("0.weight", Initializer.Orthogonal(), 3);
        Assert.Equal(own, model.GetState()["0.weight"].ToDoubles());
    }

    [Fact]
    public void What_does_not_fit_is_refused_and_changes_nothing()
    {
        using var model = new Sequential(new Linear(4, 2), new BatchNorm1d(2));
        model.Build(seed: 3);
        var before = model.ExportState();
        Assert.Throws<NameNotFoundException>(() => model.Initialize("2.*", Initializer.Zeros));
        Assert.Throws<NameNotFoundException>(() => model.Initialize("1.running_mean", Initializer.Zeros));
        Assert.Equal("0.bias", Assert.Throws<ShapeMismatchException>(() => model.Initialize("0", Initializer.XavierNormal())).Layer);
        Assert.Throws<ShapeMismatchException>(() => model.Initialize("0.weight", Initializer.FromArray(new float[] { 1, 2 })));
        Assert.Throws<ArgumentNullException>(() => model.Initialize("0", null!));
        Assert.Throws<ArgumentNullException>(() => model.Initialize(null!, Initializer.Zeros));
        Assert.Equal(before, model.ExportState());

        using var misspelt = new Sequential(new Linear(4, 2) { Initializers = [("wieght", Initializer.Zeros)] });
        Assert.Contains("'wieght'", Assert.Throws<NameNotFoundException>(() => misspelt.Build()).Message, StringComparison.Ordinal);
        using var flat = new Sequential(new Linear(4, 2) { Name = "fc", Initializers = [("*", Initializer.Orthogonal())] });
        Assert.Equal("fc", Assert.Throws<ShapeMismatchException>(() => flat.Build()).Layer);
    }

    [Fact]
    public void Options_are_checked_at_once()
    {
        void Refused(string name, Func<Initializer> make) => Assert.Equal(name, Assert.Throws<ArgumentOutOfRangeException>(make).ParamName);
        Refused("value", () => Initializer.Constant(double.NaN));
        Refused("high", () => Initializer.Uniform(2));
        Refused("std", () => Initializer.Normal(0, -1));
        Refused("low", () => Initializer.TruncatedNormal(low: double.NegativeInfinity));
        Refused("gain", () => Initializer.XavierUniform(double.PositiveInfinity));
        Refused("negativeSlope", () => Initializer.KaimingNormal(double.NaN));
        Refused("sparsity", () => Initializer.Sparse(1.5));
        Refused("groups", () => Initializer.Dirac(0));
        Refused("array", () => Initializer.FromArray(new[] { float.NaN }));
        Assert.Throws<ArgumentNullException>(() => new ParameterInitializer("weight", null!));
    }

    [Fact]
    public void Initializers_are_values_and_so_are_their_layers()
    {
        Assert.Equal(Initializer.KaimingNormal(), Initializer.KaimingNormal());
        Assert.NotEqual(Initializer.XavierNormal(), Initializer.XavierUniform());
        Assert.Equal(Initializer.FromArray(new double[] { 1, 2 }), Initializer.FromArray(new double[] { 1, 2 }));
        var layer = new Linear(2, 3) { Initializers = [("weight", Initializer.Normal())] };
        Assert.Equal(layer, new Linear(2, 3) { Initializers = [("weight", Initializer.Normal())] });
        Assert.NotEqual(layer, new Linear(2, 3));
    }
}
