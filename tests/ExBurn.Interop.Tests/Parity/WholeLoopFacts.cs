using ExBurn.Tests.Support;

namespace ExBurn.Tests.Parity;

/// <summary>
/// Runs of y = w x + b over x = -1, 0, 1, 2 and t = 2x + 1, from w = b = 0, in order: loss of the epoch (weighted by rows, before each step), w, b and
/// the loss after it, worked out by hand and with PyTorch in double precision.
/// </summary>
public sealed class WholeLoopFacts
{
    private static readonly SGD Momentum = new(0.1) { Momentum = 0.9 };

    // PyTorch's rule for the norm, max / (norm + 1e-6); the figures are of 1e-8.
    private const double NormEpsilon = 1e-6;

    /// <summary>Optimizer, options, and for some epochs: number, loss, w, b, loss after it.</summary>
    public static TheoryData<string, Optimizer, FitOptions, double[][], double> Cases => new()
    {
        { "one batch", Momentum, new() { BatchSize = 4 }, [[1, 9, .7, .4, 3.675], [2, 3.675, 1.78, 1.01, .0705], [3, .0705, 2.817, 1.579, 1.8095175]], 1e-11 },
        { "accumulated", Momentum, new() { BatchSize = 2, AccumulationSteps = 2 }, [[1, 9, .7, .4, 3.675], [2, 3.675, 1.78, 1.01, .0705], [3, .0705, 2.817, 1.579, 1.8095175]], 1e-11 },
        { "two batches", Momentum, new() { BatchSize = 2 }, [[1, 8.3625, 1.44, .77, .6521], [2, 1.18073625, 3.3187, 1.7734, 4.226484675]], 1e-11 },
        { "Nesterov", Momentum with { Nesterov = true }, new() { BatchSize = 4 }, [[1, 9, 1.33, .76, .89175], [2, .89175, 2.3245, 1.3025, .347617875]], 1e-11 },
        { "no momentum", new SGD(0.1), new() { BatchSize = 4 }, [[1, 9, .7, .4, 3.675], [3, 1.50375, 1.44, .805, .617625]], 1e-11 },
        { "weight decay", Momentum with { WeightDecay = 0.1 }, new() { BatchSize = 4 }, [[2, 3.675, 1.773, 1.006, .0759675]], 1e-11 },
        { "clipped by norm", Momentum, new() { BatchSize = 4, ClipNorm = 1 }, [[1, 9, .0868243141048, .0496138937741, 8.2118511492], [2, 8.2118511492, .251840027256, .143793537758, 6.81397030713]], NormEpsilon },
        { "clipped, then decayed", Momentum with { WeightDecay = 0.1 }, new() { BatchSize = 4, ClipNorm = 1 }, [[2, 8.2118511492, .250971784115, .14329739882, 6.82098591889]], NormEpsilon },
        { "norm, then value", Momentum, new() { BatchSize = 4, ClipNorm = 4, ClipValue = 2 }, [[1, 9, .2, .198455575097, 6.94525342992], [2, 6.94525342992, .58, .569496090635, 3.82124916728]], NormEpsilon },
        { "Adam", new Adam(0.1), new() { BatchSize = 4 }, [[1, 9, .0999999998571, .09999999975, 7.93500000187], [2, 7.93500000187, .199803510481, .199721225687, 6.94216625808], [3, 6.94216625808, .299261671914, .298942254206, 6.02256403234]], 1e-10 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_run_has_these_numbers(string name, Optimizer optimizer, FitOptions options, double[][] epochs, double relative)
    {
        using var model = Line(optimizer);
        using var data = Dataset.FromArrays(new double[,] { { -1 }, { 0 }, { 1 }, { 2 } }, new double[,] { { -1 }, { 1 }, { 3 }, { 5 } });
        var trainer = new Trainer(model);
        for (var epoch = 1; epoch <= 3; epoch++)
        {
            var loss = trainer.Fit(data, options with { Shuffle = false }).Epochs[0].Loss;
            var state = model.GetState();
            if (epochs.FirstOrDefault(row => row[0] == epoch) is not { } expected)
                continue;
            double[] found = [loss, state["0.weight"].ToDoubles()[0], state["0.bias"].ToDoubles()[0], trainer.Evaluate(data).Loss];
            Close.Check(expected.AsSpan(1), found.AsSpan(), relative, 0, $"{name}, epoch {epoch}: loss, w, b, loss after");
        }
    }

    [Fact]
    public void Accumulated_batches_count_by_their_rows()
    {
        using var model = new Sequential(new Linear(1, 1) { Bias = false });
        model.Compile(new SGD(0.01), Loss.MeanSquaredError(), inputShape: [1], dtype: DType.Float64);
        double Gradient(params double[] x)
        {
            model.SetState(new Dictionary<string, TensorData> { ["0.weight"] = new(new double[,] { { 0 } }) });
            double[] t = [.. x.Select(one => 2 * one)];
            using var gradients = new Trainer(model).ComputeGradients(new TensorView(x, [x.Length, 1]), new TensorView(t, [x.Length, 1]));
            return gradients["0.weight"].ToDoubles()[0];
        }
        Assert.Equal((-10.0, -50.0, -100.0), (Gradient(1, 2), Gradient(3, 4), Gradient(5)));
        Assert.Equal((-30.0, -44.0), (Gradient(1, 2, 3, 4), Gradient(1, 2, 3, 4, 5)));
        using var data = Dataset.FromArrays(new double[,] { { 1 }, { 2 }, { 3 }, { 4 }, { 5 } }, new double[,] { { 2 }, { 4 }, { 6 }, { 8 }, { 10 } });
        // Three batches of 2, 2 and 1 rows: the gradient of all five, not ExBurn's mean of the batches' (-53.3).
        new Trainer(model).Fit(data, new() { BatchSize = 2, AccumulationSteps = 3, Shuffle = false });
        Assert.Equal(0.44, model.GetState()["0.weight"].ToDoubles()[0], 1e-12);
    }

    [Fact]
    public void Clipping_of_3_and_4()
    {
        using var model = Line(new SGD(0.1), 2);
        using var gradients = new Trainer(model).ComputeGradients(new double[,] { { 1, 1 } }, new double[,] { { 0, 0 } });
        void Set()
        {
            gradients.Set("0.weight", new double[,] { { 3, 0 }, { 0, 0 } });
            gradients.Set("0.bias", new double[] { 0, 4 });
        }
        Set();
        Assert.Equal(5, gradients.ClipNorm(10), 1e-12);
        Assert.Equal((3.0, 4.0), (gradients["0.weight"].ToDoubles()[0], gradients["0.bias"].ToDoubles()[1]));
        Assert.Equal(5, gradients.ClipNorm(1), 1e-12);
        Assert.Equal(.59999988, gradients["0.weight"].ToDoubles()[0], 1e-8);
        Assert.Equal(.79999984, gradients["0.bias"].ToDoubles()[1], 1e-8);
        Set();
        gradients.ClipValue(3.5);
        Assert.Equal((3.0, 3.5), (gradients["0.weight"].ToDoubles()[0], gradients["0.bias"].ToDoubles()[1]));
    }

    [Fact]
    public void The_network_of_exclusive_or()
    {
        using var model = new Sequential(new Linear(2, 2), new Tanh(), new Linear(2, 1));
        model.Compile(new SGD(0.1), Loss.MeanSquaredError(), inputShape: [2], dtype: DType.Float64);
        model.SetState(new Dictionary<string, TensorData>
        {
            ["0.weight"] = new(new double[,] { { .5, -.3 }, { .2, .8 } }),
            ["0.bias"] = new(new double[] { .1, -.1 }),
            ["2.weight"] = new(new double[,] { { 1, -1 } }),
            ["2.bias"] = new(new double[] { 0 }),
        });
        double[,] x = { { 0, 0 }, { 0, 1 }, { 1, 0 }, { 1, 1 } }, t = { { 0 }, { 1 }, { 1 }, { 0 } };
        var trainer = new Trainer(model);
        using (var gradients = trainer.ComputeGradients(x, t))
        {
            Assert.Equal(.94579124746, gradients.Loss, 1e-11);
            Equal([-.394633239759, -1.0602361392, .381981120016, .675285187545], gradients["0.weight"]);
            Equal([-1.16173159841, .855122035692], gradients["0.bias"]);
            Equal([-.025235254762, -.734636987197], gradients["2.weight"]);
            Equal([-1.29500539673], gradients["2.bias"]);
            Assert.Equal(2.48595595831, gradients.Norm(), 1e-11);
        }
        trainer.TrainStep(x, t);
        double[] losses = [trainer.TrainStep(x, t).Loss, trainer.TrainStep(x, t).Loss, trainer.EvaluateStep(x, t).Loss];
        Close.Check([.506965083075, .412906084097, .376517863388], losses.AsSpan(), 1e-11, 0, "losses");
        Equal([.536867475372, -.0862889634137, .158093726175, .658212839439], model.GetState()["0.weight"]);
        Equal([.279196929925, -.224510319893], model.GetState()["0.bias"]);
        Equal([.997857104508, -.868926186321], model.GetState()["2.weight"]);
        Equal([.191013274808], model.GetState()["2.bias"]);
    }

    [Fact]
    public void Cross_entropy_of_equal_logits()
    {
        using var model = new Sequential(new Linear(3, 2) { Bias = false });
        model.Compile(new SGD(0.1), Loss.CrossEntropy(), inputShape: [3], dtype: DType.Float64);
        model.SetState(new Dictionary<string, TensorData> { ["0.weight"] = new(new double[2, 3]) });
        using var gradients = new Trainer(model).ComputeGradients(
            new double[,] { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 }, { 1, 0, 0 } }, new long[] { 0, 1, 0, 1 });
        Assert.Equal(.693147180560, gradients.Loss, 1e-11);
        Equal([0, .125, -.125, 0, -.125, .125], gradients["0.weight"]);
    }

    private static Sequential Line(Optimizer optimizer, int width = 1)
    {
        var model = new Sequential(new Linear(width, width));
        model.Compile(optimizer, Loss.MeanSquaredError(), inputShape: [width], dtype: DType.Float64);
        model.SetState(new Dictionary<string, TensorData> { ["0.weight"] = new(new double[width, width]), ["0.bias"] = new(new double[width]) });
        return model;
    }

    private static void Equal(double[] expected, TensorData found) => Close.Check(expected, found.ToDoubles(), 1e-11, 1e-12, "values");
}
