using System.Diagnostics;

namespace ExBurn.Benchmarks;

/// <summary>
/// An optimizer's step over the parameters of ResNet-18, called from C# (<see cref="Trainer.ApplyGradients"/>), against a plain copy of the bytes
/// that it must read and write, in turns. The copy is the faster of one by one thread and one by all threads.
/// </summary>
internal static class OptimizerStep
{
    private const int Rounds = 41;

    public static void Measure()
    {
        Console.WriteLine($"optimizer step over ResNet-18's parameters ({ResNet18.Parameters:N0} numbers, float32, CPU); ms, {Rounds} pairs");
        // Arrays of the parameters' size that a step reads and writes: parameter, gradient, state; parameter, state.
        Measure("SGD", new SGD(1e-6), 2, 1);
        Measure("SGD, momentum", new SGD(1e-6) { Momentum = 0.9 }, 3, 2);
        Measure("Adam", new Adam(1e-6), 4, 3);
        Measure("AdamW", new AdamW(1e-6), 4, 3);
    }

    private static void Measure(string name, Optimizer optimizer, int reads, int writes)
    {
        using var model = ResNet18.Create();
        model.Compile(optimizer, Loss.CrossEntropy(), inputShape: [3, 16, 16], seed: 1);
        if (model.Info().Parameters != ResNet18.Parameters)
            throw new InvalidOperationException($"{model.Info().Parameters} parameters");
        var trainer = new Trainer(model);
        var random = new Random(1);
        float[] images = [.. Enumerable.Range(0, 2 * 3 * 16 * 16).Select(_ => random.NextSingle())];
        using var gradients = trainer.ComputeGradients(new TensorView(images, [2, 3, 16, 16]), new TensorView(new long[] { 1, 2 }, [2]));
        if (gradients.Names.Count != 62)
            throw new InvalidOperationException($"{gradients.Names.Count} gradients");

        // A copy of n bytes reads n and writes n.
        var source = new byte[ResNet18.Parameters * sizeof(float) * (reads + writes) / 2];
        var target = new byte[source.Length];
        random.NextBytes(source);
        Action one = () => source.AsSpan().CopyTo(target);
        var parts = Environment.ProcessorCount;
        Action all = () => Parallel.For(0, parts, part =>
        {
            var (from, to) = ((int)((long)source.Length * part / parts), (int)((long)source.Length * (part + 1) / parts));
            source.AsSpan(from, to - from).CopyTo(target.AsSpan(from, to - from));
        });
        var (copy, threads) = Median(one) <= Median(all) ? (one, 1) : (all, parts);

        for (var i = 0; i < 3; i++)
            trainer.ApplyGradients(gradients);
        var pairs = Enumerable.Range(0, Rounds).Select(_ => (Step: Time(() => trainer.ApplyGradients(gradients)), Copy: Time(copy))).ToArray();
        var (step, copied) = (Middle(pairs.Select(pair => pair.Step)), Middle(pairs.Select(pair => pair.Copy)));
        var ratio = Middle(pairs.Select(pair => pair.Step / pair.Copy));
        var (best, bestCopy) = (pairs.Min(pair => pair.Step), pairs.Min(pair => pair.Copy));
        Console.WriteLine(
            $"  {name,-14} median {step,6:F2}  copy of {source.Length / 1e6:F0} MB ({threads} thread{(threads == 1 ? "" : "s")}) {copied,6:F2}   step / copy {ratio:F2} (of the best: {best / bestCopy:F2})");
    }

    private static double Median(Action work) => Middle(Enumerable.Range(0, 11).Select(_ => Time(work)).Skip(2));

    private static double Middle(IEnumerable<double> times)
    {
        var sorted = times.Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    private static double Time(Action work)
    {
        var start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
