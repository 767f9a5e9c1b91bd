using ExBurn.Tests.Support;
using ExBurn.Tests.Training;

namespace ExBurn.Tests.Docs;

/// <summary>The blocks of docs/mixed-precision.md, word for word.</summary>
public sealed class MixedPrecisionGuide
{
    [Fact]
    public void Everything_the_text_shows_works()
    {
        using var train = Blobs.Dataset();
        using var model = Blobs.Model();
        var trainer = new Trainer(model);
        var (points, labels) = Blobs.Arrays(16);
        (TensorData[] Inputs, TensorData[] Targets)[] batches = [([new(points)], [new TensorData(labels)])];

        var history = trainer.Fit(train, new FitOptions { Epochs = 3, BatchSize = 32, Precision = Precision.BFloat16Mixed });
        trainer.Fit(train, new FitOptions { Precision = Precision.Float16Mixed });

        Assert.Equal(3, history.Epochs.Count);
        var before = Blobs.State(model);

        var scaler = new GradScaler();
        foreach (var (inputs, targets) in batches)
        {
            using var gradients = trainer.ComputeGradients(inputs, targets, new GradientOptions { Precision = Precision.Float16Mixed, Scaler = scaler });
            scaler.Unscale(gradients);                 // only to look at them or change them before the step
            gradients.ClipNorm(1.0);
            scaler.Step(trainer, gradients);           // left out where a gradient is not finite
            scaler.Update();
        }

        Assert.NotEqual(before, Blobs.State(model));
        OnTensors(scaler);

        model.Quantize(DType.Float16);
        model.InferencePrecision = Precision.BFloat16Mixed;

        Assert.All(model.ListState(), entry => Assert.Equal(DType.Float16, entry.DType));
    }

    private static void OnTensors(GradScaler scaler)
    {
        using var input = Tensor.Ones([4, 3]);

        using var weight = Tensor.RandomNormal([3, 2]).RequiresGrad();
        using var optimizer = new SGD(0.1).For(weight);
        using (Autocast.Enable(DType.Float16))
        {
            using var product = input.MatMul(weight);  // Float16
            using var sum = product.Sum();             // Float32
            using var loss = sum * 0.125;
            using var scaled = scaler.Scale(loss);
            scaled.Backward();                         // weight.Grad is Float32
        }
        scaler.Step(optimizer);
        scaler.Update();

        using var gradient = weight.Grad!;
        Close.Check(Enumerable.Repeat(0.5, 6).ToArray(), gradient.ToArray<double>(), 0, 0, "gradient");
    }
}
