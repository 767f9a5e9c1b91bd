using System.Diagnostics;

namespace ExBurn.Benchmarks;

/// <summary>
/// A step in two halves (<see cref="Trainer.ComputeGradients(TensorView, TensorView, in GradientOptions)"/>, <see cref="Trainer.ApplyGradients"/>)
/// against a whole step, and a whole step against one of Fit, in turns.
/// </summary>
internal static class ManualLoop
{
    private const int Rounds = 15;
    private const int Steps = 100;
    private const int Batch = 64;

    public static void Measure()
    {
        Console.WriteLine($"manual loop, MLP 784-256-128-10, Adam, batch {Batch}, float32, CPU; us/step, {Rounds} rounds of {Steps} steps");
        var random = new Random(1);
        float[] inputs = [.. Enumerable.Range(0, Batch * 784).Select(_ => random.NextSingle())];
        long[] targets = [.. Enumerable.Range(0, Batch).Select(_ => random.NextInt64(10))];
        Shape shape = [Batch, 784], rows = [Batch];
        using var data = Dataset.FromArrays(
            [new(new TensorView(Repeat(inputs), [Batch * Steps, 784]))], [new(new TensorView(Repeat(targets), [Batch * Steps]))]);
        using var fitted = Network();
        using var stepped = Network();
        using var halved = Network();
        var (fit, whole, halves) = (new Trainer(fitted), new Trainer(stepped), new Trainer(halved));
        Action[] ways =
        [
            () => fit.Fit(data, new FitOptions { BatchSize = Batch, Shuffle = false }),
            () =>
            {
                for (var i = 0; i < Steps; i++)
                    whole.TrainStep(new TensorView(inputs, shape), new TensorView(targets, rows));
            },
            () =>
            {
                for (var i = 0; i < Steps; i++)
                {
                    using var gradients = halves.ComputeGradients(new TensorView(inputs, shape), new TensorView(targets, rows));
                    halves.ApplyGradients(gradients);
                }
            },
        ];
        foreach (var way in ways)
            way();
        var times = ways.Select(_ => new double[Rounds]).ToArray();
        for (var round = 0; round < Rounds; round++)
        {
            for (var way = 0; way < ways.Length; way++)
            {
                var start = Stopwatch.GetTimestamp();
                ways[way]();
                times[way][round] = Stopwatch.GetElapsedTime(start).TotalMicroseconds / Steps;
            }
        }
        double Middle(Func<int, double> of) => Enumerable.Range(0, Rounds).Select(of).Order().ElementAt(Rounds / 2);
        Console.WriteLine($"  Fit {Middle(i => times[0][i]):F1}, TrainStep {Middle(i => times[1][i]):F1}, ComputeGradients + ApplyGradients {Middle(i => times[2][i]):F1}");
        Console.WriteLine($"  TrainStep / Fit {Middle(i => times[1][i] / times[0][i]):F3}, two halves / TrainStep {Middle(i => times[2][i] / times[1][i]):F3}");
    }

    private static Sequential Network()
    {
        var model = new Sequential(new Linear(784, 256), new ReLU(), new Linear(256, 128), new ReLU(), new Linear(128, 10));
        model.Compile(new Adam(1e-3), Loss.CrossEntropy(), inputShape: [784], seed: 1);
        return model;
    }

    private static T[] Repeat<T>(T[] values) => [.. Enumerable.Repeat(values, Steps).SelectMany(part => part)];
}
