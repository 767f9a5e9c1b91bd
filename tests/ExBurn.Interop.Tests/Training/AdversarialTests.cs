using ExBurn.Tests.Support;

namespace ExBurn.Tests.Training;

/// <summary>Gradients of inputs against central differences, and attacks against what they are on a linear model.</summary>
public sealed class AdversarialTests
{
    private static double[] Numbers(int count, int seed = 2)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (2 * random.NextDouble()) - 1)];
    }

    private static TensorData Of(double[] values, params int[] shape) => new(new TensorView(values, shape));

    /// <summary>Targets of 0 under the squared error of one output: the loss's gradient has the sign of output times weight.</summary>
    private static (Sequential Model, double[] Weights, double Bias) Linear()
    {
        var model = new Sequential(new Linear(6, 1));
        model.Compile(new SGD(0.1), Loss.MeanSquaredError(), seed: 3, dtype: DType.Float64);
        var state = model.GetState();
        return (model, state["0.weight"].ToDoubles(), state["0.bias"].ToDoubles()[0]);
    }

    private static double[] Errors(double[] x, double[] w, double b) => [.. x.Chunk(6).Select(row => row.Zip(w, (a, c) => a * c).Sum() + b)];

    [Theory]
    [InlineData(null)]
    [InlineData(3)]
    public void Gradients_of_inputs_are_central_differences(int? segments)
    {
        var g = new Graph();
        Node a = g.Input("a", 2, 4, 4), b = g.Input("b", 5);
        var seen = a.Apply(new Conv2d(2, 3, 3)).Apply(new GELU()).Apply(new Flatten()).Apply(new Linear(12, 5)).Apply(new Dropout(0.5));
        using var model = g.Build((seen * b).Apply(new Linear(5, 3)));
        model.Compile(new SGD(0.1), Loss.CrossEntropy(), seed: 5, dtype: DType.Float64);
        double[][] values = [Numbers(3 * 32), Numbers(15, 4)];
        TensorData[] Inputs() => [Of(values[0], 3, 2, 4, 4), Of(values[1], 3, 5)];
        TensorData[] targets = [new(new TensorView(new long[] { 0, 2, 1 }, [3]))];
        var trainer = new Trainer(model);
        using var gradients = trainer.ComputeGradients(Inputs(), targets, new GradientOptions { InputsOnly = true, GradientCheckpointSegments = segments });
        Assert.Empty(gradients.Names);
        Assert.Equal([3, 2, 4, 4], gradients.OfInput("a").Shape);
        Assert.Equal(gradients.OfInput("b").ToDoubles(), gradients.OfInput(1).ToDoubles());
        const double h = 1e-5;
        for (var input = 0; input < 2; input++)
        {
            var found = gradients.OfInput(input).ToDoubles();
            Assert.Contains(found, x => Math.Abs(x) > 1e-3);
            for (var i = 0; i < found.Length; i++)
            {
                var value = values[input][i];
                double LossAt(double moved)
                {
                    values[input][i] = moved;
                    return trainer.EvaluateStep(Inputs(), targets).Loss;
                }
                Close.Check([(LossAt(value + h) - LossAt(value - h)) / (2 * h)], [found[i]], 0, 1e-9, $"input {input}, {i}");
                values[input][i] = value;
            }
        }
    }

    [Fact]
    public void They_come_beside_those_of_the_parameters()
    {
        var (model, w, b) = Linear();
        using (model)
        {
            var x = Numbers(24);
            var trainer = new Trainer(model);
            using var plain = trainer.ComputeGradients(Of(x, 4, 6), Of(new double[4], 4, 1));
            using var both = trainer.ComputeGradients(Of(x, 4, 6), Of(new double[4], 4, 1), new GradientOptions { IncludeInputs = true });
            Assert.Equal(plain.Names, both.Names);
            Close.Check(plain["0.weight"].ToDoubles(), both["0.weight"].ToDoubles(), 1e-14, 1e-15, "weight");
            // Mean of four squares: 2 · error · w / 4.
            double[] expected = [.. Errors(x, w, b).SelectMany(error => w.Select(c => 2 * error * c / 4))];
            Close.Check(expected, both.OfInput().ToDoubles(), 1e-13, 1e-14, "input");
            both.Scale(3);
            Close.Check(expected, both.OfInput().ToDoubles(), 1e-13, 1e-14, "scaling is about parameters");
            trainer.ApplyGradients(both);
            Assert.Throws<ArgumentException>(() => plain.OfInput());
            Assert.Throws<ArgumentOutOfRangeException>(() => both.OfInput(1));
            Assert.Throws<ArgumentOutOfRangeException>(() => both.OfInput(-1));
            Assert.Throws<KeyNotFoundException>(() => both.OfInput("c"));
        }
    }

    [Fact]
    public void On_a_linear_model_a_step_is_the_sign_of_the_weights()
    {
        var (model, w, b) = Linear();
        using (model)
        {
            var x = Numbers(24);
            var trainer = new Trainer(model);
            var signs = Errors(x, w, b).SelectMany(error => w.Select(c => Math.Sign(error) * Math.Sign(c))).ToArray();
            double[] Expected(double epsilon) => [.. x.Zip(signs, (value, sign) => value + (epsilon * sign))];
            TensorData Run(AdversarialAttack attack) => attack.Perturb(trainer, Of(x, 4, 6), Of(new double[4], 4, 1));
            var before = model.ExportState();
            var once = Run(new FastGradientSign(0.25));
            Assert.Equal((DType.Float64, (Shape)new[] { 4, 6 }), (once.DType, once.Shape));
            Close.Check(Expected(0.25), once.ToDoubles(), 0, 1e-15, "FGSM");
            Close.Check(Expected(0.25), Run(new ProjectedGradientDescent(0.25, 0.1, 3)).ToDoubles(), 0, 1e-15, "PGD, projected");
            Close.Check(Expected(0.2), Run(new ProjectedGradientDescent(0.25, 0.1, 2)).ToDoubles(), 0, 1e-15, "PGD, on the way");
            Close.Check(x, Run(new FastGradientSign(0)).ToDoubles(), 0, 0, "no way at all");
            var clamped = Run(new FastGradientSign(0.25) { Bounds = (-0.5, 0.75) }).ToDoubles();
            Close.Check([.. Expected(0.25).Select(value => Math.Clamp(value, -0.5, 0.75))], clamped, 0, 1e-15, "bounds");
            Assert.Equal(before, model.ExportState());
        }
    }

    [Fact]
    public void A_random_start_is_within_epsilon_and_fixed_by_its_seed()
    {
        var (model, _, _) = Linear();
        using (model)
        {
            var x = Numbers(24);
            var trainer = new Trainer(model);
            var attack = new ProjectedGradientDescent(0.25, 1e-9, 1) { RandomStart = true, Seed = 1, Bounds = (-0.9, 0.9) };
            double[] Run(AdversarialAttack by) => by.Perturb(trainer, Of(x, 4, 6), Of(new double[4], 4, 1)).ToDoubles();
            var found = Run(attack);
            Assert.Equal(found, Run(attack));
            Assert.NotEqual(found, Run(attack with { Seed = 2 }));
            Assert.All(found, value => Assert.InRange(value, -0.9, 0.9));
            var ways = found.Zip(x, (to, from) => Math.Abs(to - Math.Clamp(from, -0.9, 0.9))).ToArray();
            Assert.True(ways.Max() <= 0.25 + 1e-12 && ways.Average() > 0.05);
        }
    }

    [Fact]
    public void Attacks_raise_the_loss_and_training_goes_on_as_if_there_were_none()
    {
        var (points, labels) = Blobs.Arrays(32);
        using var model = Blobs.Model(7, null, new BatchNorm1d(16), new Dropout(0.3));
        using var other = Blobs.Model(7, null, new BatchNorm1d(16), new Dropout(0.3));
        var (trainer, alone) = (new Trainer(model), new Trainer(other));
        TensorData x = new(points), y = new(labels);
        TensorData weak = x, strong = x;
        for (var i = 0; i < 20; i++)
        {
            weak = new FastGradientSign(0.3).Perturb(trainer, points, labels);
            strong = new ProjectedGradientDescent(0.3, 0.05, 20).Perturb(trainer, points, labels);
            Assert.Equal(alone.TrainStep(points, labels).Loss, trainer.TrainStep(points, labels).Loss);
        }
        Assert.Equal(Blobs.State(other), Blobs.State(model));
        weak = new FastGradientSign(0.3).Perturb(trainer, points, labels);
        strong = new ProjectedGradientDescent(0.3, 0.05, 20).Perturb(trainer, points, labels);
        Assert.Equal(DType.Float32, strong.DType);
        double plain = trainer.EvaluateStep(x, y).Loss, once = trainer.EvaluateStep(weak, y).Loss, often = trainer.EvaluateStep(strong, y).Loss;
        Assert.True(once > plain && often >= once - 1e-6, $"{plain} {once} {often}");
        Assert.All(strong.ToDoubles().Zip(x.ToDoubles(), (to, from) => Math.Abs(to - from)), way => Assert.InRange(way, 0, 0.3 + 1e-6));
        var first = trainer.TrainStep(strong, y).Loss;
        for (var i = 0; i < 30; i++)
            trainer.TrainStep(strong, y);
        Assert.True(trainer.EvaluateStep(strong, y).Loss < first);
    }

    [Fact]
    public void Integers_stay_and_alone_are_an_error()
    {
        var g = new Graph();
        Node words = g.Input("words", 1), x = g.Input("x", 4);
        using var model = g.Build((words.Apply(new Embedding(5, 4)).Apply(new Flatten()) * x).Apply(new Linear(4, 1)));
        model.Compile(new SGD(0.1), Loss.MeanSquaredError(), seed: 3);
        var trainer = new Trainer(model);
        TensorData[] inputs = [new(new TensorView(new long[] { 3, 1 }, [2, 1])), Of(Numbers(8), 2, 4)];
        TensorData[] targets = [new(new TensorView(new float[2], [2, 1]))];
        var moved = new FastGradientSign(0.1).Perturb(trainer, inputs, targets);
        Assert.Same(inputs[0], moved[0]);
        Assert.All(moved[1].ToDoubles().Zip(inputs[1].ToDoubles(), (to, from) => Math.Abs(to - from)), way => Assert.Equal(0.1, way, 12));
        using var gradients = trainer.ComputeGradients(inputs, targets, new GradientOptions { IncludeInputs = true });
        Assert.Contains("integers", Assert.Throws<ArgumentException>(() => gradients.OfInput("words")).Message);
        Assert.Throws<ArgumentException>(() => new FastGradientSign(0.1).Perturb(trainer, [inputs[0], inputs[0]], targets));
    }

    [Fact]
    public void Options_are_checked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new FastGradientSign(-0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FastGradientSign(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FastGradientSign(0.1) { Bounds = (1, 0) });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProjectedGradientDescent(double.PositiveInfinity, 0.1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProjectedGradientDescent(0.1, 0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProjectedGradientDescent(0.1, 0.1, 0));
        Assert.Throws<ArgumentNullException>(() => new FastGradientSign(0.1).Perturb(null!, new float[,] { { 1 } }, new float[,] { { 1 } }));
        using var model = new Sequential(new Linear(1, 1));
        Assert.Throws<InvalidOperationException>(() => new FastGradientSign(0.1).Perturb(new Trainer(model), new float[,] { { 1 } }, new float[,] { { 1 } }));
    }
}
