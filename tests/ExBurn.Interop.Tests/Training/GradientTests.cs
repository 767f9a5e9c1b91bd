using ExBurn.Tests.Support;

namespace ExBurn.Tests.Training;

/// <summary>A step in two halves: gradients against the formula and central differences, and what may be done with them.</summary>
public sealed class GradientTests
{
    [Fact]
    public void Computing_and_applying_is_a_step_bit_for_bit()
    {
        var (points, labels) = Blobs.Arrays(32);
        foreach (var optimizer in new Optimizer[] { new Adam(0.02), new SGD(0.05) { Momentum = 0.9, Nesterov = true, WeightDecay = 1e-3 }, new LAMB(0.01) })
        {
            using var whole = Blobs.Model(7, optimizer, new BatchNorm1d(16), new Dropout(0.3));
            using var halves = Blobs.Model(7, optimizer, new BatchNorm1d(16), new Dropout(0.3));
            var (one, two) = (new Trainer(whole), new Trainer(halves));
            for (var i = 0; i < 4; i++)
            {
                var options = new StepOptions { ClipNorm = i % 2 == 0 ? 0.1 : null, ClipValue = i > 1 ? 0.02 : null };
                var step = one.TrainStep(points, labels, options);
                using var gradients = two.ComputeGradients(points, labels);
                var norm = two.ApplyGradients(gradients, options);
                Assert.Equal((step.Loss, step.Metrics["accuracy"], step.Samples), (gradients.Loss, gradients.Result.Metrics["accuracy"], gradients.Result.Samples));
                Assert.Equal(step.GradientNorm, norm);
            }
            Assert.Equal(Blobs.State(whole), Blobs.State(halves));
        }
    }

    [Fact]
    public void Of_a_linear_model_they_are_the_formula()
    {
        double[,] x = { { 1, 2, -1 }, { 0.5, -1, 3 }, { 2, 0, 1 }, { -1, 1, 1 } };
        double[,] y = { { 1, 0 }, { -2, 1 }, { 0.5, 3 }, { 1, 1 } };
        using var model = new Sequential(new Linear(3, 2));
        model.Compile(new SGD(0.1), Loss.MeanSquaredError(), seed: 3, dtype: DType.Float64);
        var state = model.GetState();
        var (w, b) = (state["0.weight"].ToDoubles(), state["0.bias"].ToDoubles());
        var (dw, db) = (new double[6], new double[2]);
        for (var n = 0; n < 4; n++)
        {
            for (var o = 0; o < 2; o++)
            {
                var error = b[o] - y[n, o];
                for (var i = 0; i < 3; i++)
                    error += w[(3 * o) + i] * x[n, i];
                db[o] += 2 * error / 8;
                for (var i = 0; i < 3; i++)
                    dw[(3 * o) + i] += 2 * error * x[n, i] / 8;
            }
        }

        using var gradients = new Trainer(model).ComputeGradients(x, y);
        Assert.Equal(["0.weight", "0.bias"], gradients.Names);
        Assert.Equal([2, 3], gradients["0.weight"].Shape);
        Close.Check(dw, gradients["0.weight"].ToDoubles(), 1e-14, 1e-14, "weight");
        Close.Check(db, gradients["0.bias"].ToDoubles(), 1e-14, 1e-14, "bias");
        Close.Check([Math.Sqrt(dw.Sum(g => g * g))], [gradients.Norm("0.weight")], 1e-14, 0, "norm of the weight");
        Close.Check([Math.Sqrt(dw.Concat(db).Sum(g => g * g))], [gradients.Norm()], 1e-14, 0, "norm of all");
    }

    [Fact]
    public void Of_a_deep_model_they_are_central_differences()
    {
        var random = new Random(2);
        double[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (2 * random.NextDouble()) - 1)];
        var x = new TensorData(new TensorView(Numbers(3 * 2 * 6 * 6), [3, 2, 6, 6]));
        var y = new TensorData(new TensorView(new long[] { 0, 2, 1 }, [3]));
        using var model = new Sequential(
            new Conv2d(2, 3, 3), new GELU(), new AvgPool2d(2), new Flatten(), new LayerNorm([12]), new Linear(12, 3));
        model.Compile(new SGD(0.1), Loss.CrossEntropy(), seed: 5, dtype: DType.Float64);
        var trainer = new Trainer(model);
        using var gradients = trainer.ComputeGradients(x, y);
        var start = model.GetState();
        const double h = 1e-5;
        foreach (var (name, exact) in gradients.ToDictionary())
        {
            var found = exact.ToDoubles();
            for (var i = 0; i < found.Length; i += Math.Max(1, found.Length / 7))
            {
                double At(double by)
                {
                    var values = start[name].ToDoubles();
                    values[i] += by;
                    model.SetState(new Dictionary<string, TensorData>(start) { [name] = new(new TensorView(values, start[name].Shape)) });
                    return trainer.EvaluateStep(x, y).Loss;
                }
                Close.Check([(At(h) - At(-h)) / (2 * h)], [found[i]], 1e-6, 1e-9, $"{name}[{i}]");
            }
        }
    }

    [Fact]
    public void Computing_changes_nothing_unless_the_statistics_are_asked_for()
    {
        var (points, labels) = Blobs.Arrays(32);
        using var model = Blobs.Model(7, null, new BatchNorm1d(16));
        var trainer = new Trainer(model);
        var before = Blobs.State(model);
        using (trainer.ComputeGradients(points, labels))
            Assert.Equal(before, Blobs.State(model));

        using var gradients = trainer.ComputeGradients(points, labels, new() { UpdateBuffers = true });
        var state = model.GetState();
        Assert.Equal([1L], state["2.num_batches_tracked"].AsSpan<long>());
        Assert.NotEqual(0f, state["2.running_mean"].ToSingles()[0]);
        trainer.ApplyGradients(gradients);
        Assert.Equal([1L], model.GetState()["2.num_batches_tracked"].AsSpan<long>());
    }

    [Fact]
    public void They_may_be_scaled_replaced_removed_and_clipped()
    {
        double[,] x = { { 1, 2 }, { 3, -1 } }, y = { { 1 }, { 0 } };
        using var model = new Sequential(new Linear(2, 1), new Linear(1, 1));
        model.Compile(new SGD(0.5) { WeightDecay = 0.1 }, Loss.MeanSquaredError(), seed: 1, dtype: DType.Float64);
        var trainer = new Trainer(model);
        using var gradients = trainer.ComputeGradients(x, y);
        var before = model.GetState();
        var first = gradients["0.weight"].ToDoubles();

        Assert.Equal(2, gradients.Scale(-2, "0"));
        gradients.Set("1.weight", new double[,] { { 3 } });
        Assert.Equal(1, gradients.Remove("*.bias") - 1);
        Assert.Equal(0, gradients.Remove("*.bias"));
        Assert.Equal(["0.weight", "1.weight"], gradients.Names);
        Assert.False(gradients.TryGet("1.bias", out _));
        trainer.ApplyGradients(gradients);

        var after = model.GetState();
        var expected = before["0.weight"].ToDoubles().Zip(first, (p, g) => p - (0.5 * ((-2 * g) + (0.1 * p)))).ToArray();
        Close.Check(expected, after["0.weight"].ToDoubles(), 1e-14, 1e-15, "0.weight");
        var p1 = before["1.weight"].ToDoubles()[0];
        Close.Check([p1 - (0.5 * (3 + (0.1 * p1)))], after["1.weight"].ToDoubles(), 1e-14, 0, "1.weight");
        // Without a gradient there is no decay either.
        Assert.Equal(before["0.bias"].ToDoubles(), after["0.bias"].ToDoubles());

        gradients.Set("0.weight", new double[,] { { 3, -4 } });
        gradients.Set("1.weight", new double[,] { { 12 } });
        Assert.Equal(13, gradients.ClipNorm(6.5), 12);
        Close.Check([3 * 6.5 / (13 + 1e-6), -4 * 6.5 / (13 + 1e-6)], gradients["0.weight"].ToDoubles(), 1e-14, 0, "clipped by norm");
        gradients.ClipValue(1.75);
        Close.Check([3 * 6.5 / (13 + 1e-6), -1.75], gradients["0.weight"].ToDoubles(), 1e-14, 0, "clipped by value");
        Assert.Equal(1.75, gradients["1.weight"].ToDoubles()[0]);
    }

    [Fact]
    public void Those_of_parts_add_up_to_those_of_the_whole()
    {
        var (points, labels) = Blobs.Arrays(30);
        using var model = new Sequential(new Linear(2, 8), new Tanh(), new Linear(8, 3));
        model.Compile(new Adam(0.01), Loss.CrossEntropy(), seed: 4, dtype: DType.Float64);
        var trainer = new Trainer(model);
        var values = points.Cast<float>().ToArray();
        using var whole = trainer.ComputeGradients(points, labels);
        using var sum = trainer.ComputeGradients(new TensorView(values.AsSpan(0, 20), [10, 2]), new TensorView(labels.AsSpan(0, 10), [10]));
        using var rest = trainer.ComputeGradients(new TensorView(values.AsSpan(20), [20, 2]), new TensorView(labels.AsSpan(10), [20]));
        sum.Scale(1.0 / 3);
        sum.Add(rest, 2.0 / 3);
        foreach (var (name, expected) in whole.ToDictionary())
            Close.Check(expected.ToDoubles(), sum[name].ToDoubles(), 1e-12, 1e-15, name);
    }

    [Fact]
    public void Frozen_parameters_have_none_and_stay()
    {
        var (points, labels) = Blobs.Arrays(32);
        using var model = Blobs.Model();
        model.Freeze("0");
        var trainer = new Trainer(model);
        using var gradients = trainer.ComputeGradients(points, labels);
        Assert.Equal(["2.weight", "2.bias"], gradients.Names);
        Assert.Throws<KeyNotFoundException>(() => gradients["0.weight"]);
        Assert.Throws<ArgumentException>(() => gradients.Set("0.weight", new float[16, 2]));
        model.Freeze("2.bias");
        var before = model.GetState();
        trainer.ApplyGradients(gradients);
        var after = model.GetState();
        Assert.Equal(before["0.weight"].ToSingles(), after["0.weight"].ToSingles());
        Assert.Equal(before["2.bias"].ToSingles(), after["2.bias"].ToSingles());
        Assert.NotEqual(before["2.weight"].ToSingles(), after["2.weight"].ToSingles());
    }

    [Fact]
    public void Clones_work_out_gradients_for_one_model()
    {
        var (points, labels) = Blobs.Arrays(30);
        using var model = Blobs.Model();
        using var single = Blobs.Model();
        using var clone = model.Clone();
        var values = points.Cast<float>().ToArray();
        var trainer = new Trainer(model);
        using var left = trainer.ComputeGradients(new TensorView(values.AsSpan(0, 30), [15, 2]), new TensorView(labels.AsSpan(0, 15), [15]));
        using var right = new Trainer(clone).ComputeGradients(new TensorView(values.AsSpan(30), [15, 2]), new TensorView(labels.AsSpan(15), [15]));
        left.Add(right);
        left.Scale(0.5);
        trainer.ApplyGradients(left);
        new Trainer(single).TrainStep(points, labels);
        var expected = single.GetState();
        foreach (var (name, found) in model.GetState())
            Close.Check(expected[name].ToDoubles(), found.ToDoubles(), 1e-4, 1e-6, name);
    }

    [Fact]
    public void Wrong_use_says_so()
    {
        var (points, labels) = Blobs.Arrays(8);
        using var model = Blobs.Model();
        using var other = Blobs.Model();
        var trainer = new Trainer(model);
        var before = Blobs.State(model);
        var gradients = trainer.ComputeGradients([new(points)], [new TensorData(labels)]);
        Assert.Throws<ArgumentException>(() => new Trainer(other).ApplyGradients(gradients));
        Assert.Throws<ArgumentNullException>(() => trainer.ApplyGradients(null!));
        Assert.Throws<ArgumentException>(() => gradients.Add(gradients));
        using (var foreign = new Trainer(other).ComputeGradients(points, labels))
            Assert.Throws<ArgumentException>(() => gradients.Add(foreign));
        Assert.Throws<NameNotFoundException>(() => gradients["9.weight"]);
        Assert.Throws<NameNotFoundException>(() => gradients.Scale(2, "encoder.*"));
        Assert.Throws<NameNotFoundException>(() => gradients.Norm("encoder.*"));
        Assert.Throws<ArgumentOutOfRangeException>(() => gradients.Scale(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => gradients.ClipNorm(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => gradients.ClipValue(double.PositiveInfinity));
        var shape = Assert.Throws<ShapeMismatchException>(() => gradients.Set("0.weight", new float[2, 16]));
        Assert.Contains("[16, 2]", shape.Message);
        Assert.Throws<DTypeException>(() => gradients.Set("0.bias", new int[16]));
        gradients.Dispose();
        gradients.Dispose();
        Assert.Throws<ObjectDisposedException>(() => trainer.ApplyGradients(gradients));
        Assert.Throws<ObjectDisposedException>(() => gradients.Names);

        Assert.Throws<ShapeMismatchException>(() => trainer.ComputeGradients(new float[8, 3], labels));
        points[0, 0] = float.NaN;
        Assert.Throws<NumericalException>(() => trainer.ComputeGradients(points, labels));
        using (var allowed = trainer.ComputeGradients(points, labels, new() { AllowNaN = true }))
            Assert.Throws<NumericalException>(() => trainer.ApplyGradients(allowed, new() { ClipNorm = 1 }));
        Assert.Equal(before, Blobs.State(model));
        model.Freeze();
        Assert.Throws<ArgumentException>(() => trainer.ComputeGradients(points, labels));
        using var bare = new Sequential(new Linear(2, 3));
        Assert.Throws<InvalidOperationException>(() => new Trainer(bare).ComputeGradients(points, labels));
    }
}
