namespace ExBurn.Samples.CustomLoop;

/// <summary>
/// A training loop of one's own on handwritten digits: order, batches, rate and what happens to the gradients are the program's. Whole steps in the
/// first epochs; then gradients are computed, looked at, made noisy and applied by hand; the best weights are kept in a clone.
/// </summary>
public static class Program
{
    private const int Batch = 64;
    private const int Width = 28 * 28;

    private static int Main(string[] arguments)
    {
        var folder = arguments.Length > 0 ? arguments[0] : Path.Combine(AppContext.BaseDirectory, "mnist-subset");
        Run(folder, epochs: 6, digits: int.MaxValue, Console.Out);
        return 0;
    }

    /// <summary>Trains, prints what happens and gives the share of the unseen digits that the best model recognises.</summary>
    public static double Run(string folder, int epochs, int digits, TextWriter output)
    {
        var (train, test) = Mnist.Load(folder);
        train = train.Take(Math.Min(digits, train.Count));
        var (pixels, labels) = (train.ToInputs(Mnist.Mean, Mnist.StandardDeviation), train.ToTargets());
        using var unseen = test.ToDataset(MnistLayout.Flat, Mnist.Mean, Mnist.StandardDeviation);

        using var model = new Sequential(new Linear(Width, 128), new ReLU(), new Dropout(0.2), new Linear(128, 10));
        model.Compile(new AdamW(2e-3), Loss.CrossEntropy(), metrics: [Metric.Accuracy()], inputShape: [Width], seed: 1);
        var trainer = new Trainer(model);

        var random = new Random(1);
        var order = Enumerable.Range(0, labels.Length).ToArray();
        var (x, y) = (new float[Batch * Width], new long[Batch]);
        Shape inputShape = [Batch, Width], targetShape = [Batch];
        var (best, bestAccuracy) = (model.Clone(), 0.0);
        try
        {
            for (var epoch = 1; epoch <= epochs; epoch++)
            {
                random.Shuffle(order);
                trainer.LearningRate = 2e-3 * Math.Pow(0.7, epoch - 1);
                var byHand = epoch > epochs / 2;
                var (loss, norm, steps) = (0.0, 0.0, 0);
                for (var first = 0; first + Batch <= order.Length; first += Batch, steps++)
                {
                    for (var i = 0; i < Batch; i++)
                    {
                        pixels.AsSpan(order[first + i] * Width, Width).CopyTo(x.AsSpan(i * Width));
                        y[i] = labels[order[first + i]];
                    }
                    var inputs = new TensorView(x, inputShape);
                    var targets = new TensorView(y, targetShape);
                    if (!byHand)
                    {
                        // All in one native call.
                        loss += trainer.TrainStep(inputs, targets).Loss;
                        continue;
                    }

                    // The same in two: between them the gradients can be read and changed.
                    using var gradients = trainer.ComputeGradients(inputs, targets);
                    loss += gradients.Loss;
                    norm += gradients.Norm();
                    AddNoise(gradients, "3.bias", 1e-3, random);
                    trainer.ApplyGradients(gradients, new StepOptions { ClipNorm = 1.0 });
                }

                var result = trainer.Evaluate(unseen);
                output.WriteLine(FormattableString.Invariant(
                    $"epoch {epoch}: loss {loss / steps:F4}, test accuracy {100 * result.Accuracy:F2} %{(byHand ? $", gradient norm {norm / steps:F3}" : "")}"));
                if (result.Accuracy > bestAccuracy)
                {
                    best.Dispose();
                    (best, bestAccuracy) = (model.Clone(), result.Accuracy);
                }
            }

            output.WriteLine($"a step: {trainer.ProfileStep(new TensorView(x, inputShape), new TensorView(y, targetShape))}");
            return new Trainer(best).Evaluate(unseen).Accuracy;
        }
        finally
        {
            best.Dispose();
        }
    }

    /// <summary>Normal noise on one parameter's gradient (Neelakantan et al., 2015).</summary>
    private static void AddNoise(Gradients gradients, string name, double deviation, Random random)
    {
        var gradient = gradients[name];
        var values = gradient.ToSingles();
        for (var i = 0; i < values.Length; i++)
        {
            // Box and Muller.
            var (u, v) = (1 - random.NextDouble(), random.NextDouble());
            values[i] += (float)(deviation * Math.Sqrt(-2 * Math.Log(u)) * Math.Cos(2 * Math.PI * v));
        }
        gradients.Set(name, new TensorView(values, gradient.Shape));
    }
}
