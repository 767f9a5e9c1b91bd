namespace ExBurn.Tests.Docs;

/// <summary>The blocks of docs/tensors.md, word for word.</summary>
public sealed class TensorGuide
{
    [Fact]
    public void Everything_the_text_shows_works()
    {
        using var all = new TensorScope();

        Tensor.Seed(1);
        using var x = Tensor.RandomNormal([64, 3]);
        using var target = x.MatMul(Tensor.FromArray(new float[,] { { 1 }, { -2 }, { 3 } }));

        using var w = Tensor.Zeros([3, 1]).RequiresGrad();
        using var b = Tensor.Zeros([1]).RequiresGrad();
        using var optimizer = new Adam(0.1).For(w, b);

        for (var step = 0; step < 200; step++)
        {
            using var scope = new TensorScope();
            optimizer.ZeroGrad();
            Tensor loss = (x.MatMul(w) + b - target).Pow(2).Mean();
            loss.Backward();
            optimizer.Step();
        }
        Console.WriteLine(w);

        var learned = w.ToArray<float>();
        Assert.InRange(learned[0], 0.9, 1.1);
        Assert.InRange(learned[1], -2.1, -1.9);
        Assert.InRange(learned[2], 2.9, 3.1);

        using (GradMode.NoGrad())
            w.Assign(w * 0.5);                       // nothing is recorded
        using (GradMode.Inference())
            Console.WriteLine((x.MatMul(w) + b).Mean().Item());

        Assert.Equal([.. learned.Select(value => value / 2)], w.ToArray<float>());

        using var image = Tensor.RandomNormal([1, 3, 8, 8]);
        using var kernel = Tensor.RandomNormal([4, 3, 3, 3], std: 0.1).RequiresGrad();
        using var bias = Tensor.Zeros([4]).RequiresGrad();
        using var features = new Conv2d(3, 4, 3) { Padding = 1 }.Apply(image, kernel, bias);
        using var dropped = new Dropout(0.5).Apply(features, training: true);
        using var error = Loss.MeanSquaredError().Apply(dropped, Tensor.ZerosLike(dropped));
        error.Backward();

        Assert.Equal([4, 3, 3, 3], kernel.Grad!.Shape);

        using var square = Tensor.RandomNormal([64, 64], std: 0.1).RequiresGrad();
        using var wide = Tensor.RandomNormal([16, 64]);
        var block = (Tensor t) => t.MatMul(square).Tanh();
        using var deep = GradientCheckpoint.Sequential([block, block, block, block], segments: 2, wide);
        deep.Mean().Backward();

        Assert.Equal([64, 64], square.Grad!.Shape);
    }
}
