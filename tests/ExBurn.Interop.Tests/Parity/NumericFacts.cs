using ExBurn.Tests.Support;

namespace ExBurn.Tests.Parity;

/// <summary>Numbers that ExBurn's own tests and guides assert, or that follow from the formulas by hand: losses, layers, data, counts.</summary>
public sealed class NumericFacts
{
    [Fact]
    public void Cross_entropy_on_logits()
    {
        double Of(double[] logits, long label) => Loss.CrossEntropy().Compute(new TensorView(logits, [1, logits.Length]), new[] { label });
        Assert.Equal(.407605964444, Of([1, 2, 3], 2), 1e-11);
        Assert.Equal(.451914395938, Of([1, 2, 3, 4, 5], 4), 1e-11);
        Assert.Equal(.417030016278, Of([2, 1, .1], 0), 1e-11);
        Assert.Equal(1.09861228867, Of([7, 7, 7], 1), 1e-11);
        Assert.Equal((1000.0, 0.0), (Of([1000, 0], 1), Of([1000, 0], 0)));
        Assert.Equal(1.0034433e-4, Of([10, .1, .1], 0), 1e-11);
        Assert.Equal(9.90010034, Of([.1, .1, 10], 0), 1e-8);
        Assert.Equal(1.40760596444, Loss.CrossEntropy().Compute(
            new double[,] { { 1, 2, 3 }, { 4, 5, 6 } }, new double[,] { { 0, 0, 1 }, { 1, 0, 0 } }), 1e-11);
        Assert.Equal(.728838094937, Loss.CrossEntropy().Compute(new double[,] { { .1, .2, .7 }, { .8, .1, .1 } }, new long[] { 2, 0 }), 1e-11);
    }

    [Fact]
    public void Squares_and_binary_cross_entropy()
    {
        double Squares(double[] found, double[] expected) => Loss.MeanSquaredError().Compute(found, expected);
        Assert.Equal((0.0, 1.0, 9.0, 4.0), (Squares([1, 2], [1, 2]), Squares([0, 0], [1, 1]), Squares([1, 2, 3], [4, 5, 6]), Squares([3], [5])));
        Assert.Equal(.25, Loss.MeanSquaredError().Compute(new double[,] { { 1, 2 }, { 3, 4 } }, new double[,] { { 1.5, 2.5 }, { 2.5, 3.5 } }), 1e-12);
        double Binary(double p) => Loss.BinaryCrossEntropy().Compute(new[] { p }, new[] { 1.0 });
        Assert.Equal(.0100503358535, Binary(.99), 1e-11);
        Assert.Equal(4.60517018599, Binary(.01), 1e-11);
        Assert.Equal(.105360515658, Binary(.9), 1e-11);
        // PyTorch's limit, ln p at least -100.
        Assert.Equal(100, Binary(0), 1e-12);
    }

    [Fact]
    public void Softmax_and_layer_norm()
    {
        using var softmax = new Sequential(new Softmax(-1));
        softmax.Build(dtype: DType.Float64);
        var shares = softmax.Predict(new double[,] { { 1, 2, 3 } }).ToDoubles();
        Close.Check([.0900305731704, .244728471055, .665240955775], shares, 1e-11, 0, "softmax");
        Assert.Equal(1, shares.Sum(), 1e-12);
        using var norm = new Sequential(new LayerNorm([3]));
        norm.Build(dtype: DType.Float64);
        Close.Check([-1.22473568591, 0, 1.22473568591], norm.Predict(new double[,] { { 1, 2, 3 } }).ToDoubles(), 1e-11, 1e-12, "layer norm");
    }

    [Fact]
    public void Convolution_of_ones()
    {
        using var model = new Sequential(new Conv2d(1, 1, 2) { Bias = false });
        model.Build();
        model.SetState(new Dictionary<string, TensorData> { ["0.weight"] = new(new float[,,,] { { { { 1, 1 }, { 1, 1 } } } }) });
        var ones = new float[1, 1, 4, 4];
        foreach (var (i, j) in from i in Enumerable.Range(0, 4) from j in Enumerable.Range(0, 4) select (i, j))
            ones[0, 0, i, j] = 1;
        var sums = model.Predict(ones);
        Assert.Equal([1, 1, 3, 3], sums.Shape);
        Assert.All(sums.ToSingles(), sum => Assert.Equal(4f, sum));
    }

    [Theory]
    [InlineData(new[] { 784, 256, 128, 10 }, 235_146)]
    [InlineData(new[] { 10, 32, 16, 3 }, 931)]
    [InlineData(new[] { 10, 64, 32, 5 }, 2_949)]
    [InlineData(new[] { 784, 128, 64, 10 }, 109_386)]
    [InlineData(new[] { 4, 8, 3 }, 67)]
    [InlineData(new[] { 784, 256, 10 }, 203_530)]
    public void Parameters_count(int[] widths, long count)
    {
        using var model = new Sequential([.. widths.Zip(widths.Skip(1), (a, b) => new Linear(a, b))]);
        model.Build();
        Assert.Equal(count, model.Info().Parameters);
    }

    [Theory]
    [InlineData(784, 256, .07595545)]
    [InlineData(256, 128, .125)]
    [InlineData(128, 10, .20851441)]
    public void Glorots_limit(int wide, int narrow, double limit)
    {
        using var model = new Sequential(new Linear(wide, narrow));
        model.Build(seed: 1);
        model.Initialize("*.weight", Initializer.XavierUniform(), seed: 1);
        var largest = model.GetState()["0.weight"].ToDoubles().Max(Math.Abs);
        // Of so many numbers the largest lies close below the limit.
        Assert.InRange(largest, limit * 0.99, limit * 1.000001);
    }

    [Theory]
    [InlineData(10, 0.8, 8, 2)]
    [InlineData(10, 0.9, 9, 1)]
    [InlineData(10, 0.1, 1, 9)]
    [InlineData(2, 0.5, 1, 1)]
    public void Splits(int rows, double share, int first, int second)
    {
        using var data = Numbered(rows);
        var (train, held) = data.Split(share, kind: SplitKind.InOrder);
        using (train)
        using (held)
        {
            Assert.Equal((first, second), (train.Count, held.Count));
            Assert.Equal(Enumerable.Range(0, rows).Select(i => (float)i), train.GetInput().ToSingles().Concat(held.GetInput().ToSingles()));
        }
    }

    [Theory]
    [InlineData(10, 3, false, new[] { 3, 3, 3, 1 })]
    [InlineData(10, 3, true, new[] { 3, 3, 3 })]
    [InlineData(12, 4, false, new[] { 4, 4, 4 })]
    [InlineData(12, 4, true, new[] { 4, 4, 4 })]
    [InlineData(20, 5, false, new[] { 5, 5, 5, 5 })]
    [InlineData(5, 100, false, new[] { 5 })]
    [InlineData(5, 1, false, new[] { 1, 1, 1, 1, 1 })]
    public void Loaders(int rows, int batch, bool dropLast, int[] sizes)
    {
        using var data = Numbered(rows);
        Assert.Equal(sizes, data.Batches(batch, dropLast: dropLast).Select(one => one.Rows));
    }

    [Fact]
    public void The_first_batch_in_order()
    {
        using var data = Dataset.FromArrays(new float[,] { { 1, 2, 3 }, { 2, 4, 6 }, { 3, 6, 9 } }, new float[3]);
        Assert.Equal([1f, 2, 3, 2, 4, 6], data.Batches(2).First().Inputs[0].ToSingles());
    }

    [Fact]
    public void One_hot()
    {
        double[] Of(long[] labels, int? classes)
        {
            using var data = Dataset.FromArrays(new float[labels.Length], labels);
            using var hot = data.OneHot(classes);
            Assert.Equal(labels.Length, hot.TargetShapes[0][0]);
            return hot.GetTarget().ToDoubles();
        }
        Assert.Equal([1, 0, 0, 0, 0, 1, 0, 1, 0], Of([0, 2, 1], 3));
        Assert.Equal(4 * 6, Of([0, 1, 2, 5], null).Length);
        Assert.Equal([0, 0, 0, 1, 0], Of([3], 5));
    }

    [Fact]
    public void Normalising()
    {
        using var constant = Dataset.FromArrays(new float[,] { { 5, 1 }, { 5, 2 }, { 5, 3 } }, new float[3]);
        using var standard = constant.Normalize(constant.InputStatistics().Standard());
        using var ranged = constant.Normalize(constant.InputStatistics().MinMax());
        var d = Math.Sqrt(2.0 / 3);
        Close.Check([0, -1 / d, 0, 0, 0, 1 / d], standard.GetInput().ToDoubles(), 1e-6, 1e-7, "standard");
        Close.Check([0, 0, 0, .5, 0, 1], ranged.GetInput().ToDoubles(), 1e-6, 1e-7, "min-max");
        using var rows = Dataset.FromArrays(new float[,] { { 3, 4 }, { 0, 0 } }, new float[2]);
        using var unit = rows.NormalizeRows();
        Close.Check([.6, .8, 0, 0], unit.GetInput().ToDoubles(), 1e-6, 0, "l2");
        using var three = Dataset.FromArrays(new float[,] { { 1 }, { 2 }, { 3 } }, new float[3]);
        Assert.Equal(0, three.InputStatistics().Standard().Apply(new float[,] { { 2 } }).ToDoubles()[0], 1e-7);
        using var ten = Dataset.FromArrays(new float[,] { { 0 }, { 10 } }, new float[2]);
        Assert.Equal(.5, ten.InputStatistics().MinMax().Apply(new float[,] { { 5 } }).ToDoubles()[0], 1e-7);
        using var six = Dataset.FromArrays(new float[,] { { 1, 2 }, { 3, 4 }, { 5, 6 } }, new float[3]);
        var statistics = six.InputStatistics();
        Assert.Equal((3.0, 4.0), (statistics.Mean[0], statistics.Mean[1]));
        Assert.Equal(1.63299316186, statistics.StandardDeviation[0], 1e-6);
        using var scaled = six.Normalize(statistics.Standard());
        Close.Check([-1.22474487139, -1.22474487139, 0, 0, 1.22474487139, 1.22474487139], scaled.GetInput().ToDoubles(), 1e-6, 1e-6, "standard");
    }

    [Fact]
    public void Rates_of_a_plateau_and_a_warm_up()
    {
        // Patience 0 here is ExBurn's patience 1; at the least rate nothing changes.
        var plateau = new ReduceOnPlateau(factor: .5, patience: 0) { MinRate = 1e-8 }.Start(1e-8);
        Assert.Equal(1e-8, plateau.Step(1));
        Assert.Equal(1e-8, plateau.Step(1));
        var lowered = new ReduceOnPlateau(factor: .5, patience: 0).Start(.1);
        Assert.Equal((.1, .05), (lowered.Step(1), lowered.Step(1)));
        // The values ExBurn sets after epochs 1 to 5 are those of epochs 2 to 6 here.
        var rates = new Warmup(5, startFactor: .1).Preview(1e-3, 6);
        Close.Check([1e-4, 2.8e-4, 4.6e-4, 6.4e-4, 8.2e-4, 1e-3], rates.ToArray().AsSpan(), 1e-12, 0, "warm-up");
    }

    private static Dataset Numbered(int rows)
        => Dataset.FromArrays(new TensorView(Enumerable.Range(0, rows).Select(i => (float)i).ToArray(), [rows, 1]), new float[rows]);
}
