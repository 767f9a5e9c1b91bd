using System.Diagnostics;

namespace ExBurn.Benchmarks;

/// <summary>
/// Peak memory and time of training steps of a deep network with gradient checkpointing in more and more segments. Each number of segments runs in a process of
/// its own, because an allocator keeps what it has.
/// </summary>
internal static class CheckpointMemory
{
    private const int Blocks = 24;
    private const int Width = 256;
    private const int Batch = 4096;
    private const int Steps = 4;

    public static void Measure()
    {
        Console.WriteLine($"gradient checkpointing, {Blocks} x (Linear {Width}-{Width}, Tanh), Adam, batch {Batch}, float32, CPU; {Steps} steps, each in a process of its own");
        foreach (var segments in new[] { 1, 2, 4, 7, 12, 24, 48 })
        {
            var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
            // Started as `dotnet X.dll`, the process is dotnet.
            string[] program = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [Environment.GetCommandLineArgs()[0]] : [];
            foreach (var argument in (string[])[.. program, "--only", "memory-of", "--segments", $"{segments}"])
                start.ArgumentList.Add(argument);
            using var process = Process.Start(start)!;
            Console.Write(process.StandardOutput.ReadToEnd());
            process.WaitForExit();
        }
    }

    /// <summary>One line: peak of the process less what it had before the first step, and the median time of a step.</summary>
    public static void Measure(int segments)
    {
        var layers = Enumerable.Range(0, Blocks).SelectMany(_ => new Layer[] { new Linear(Width, Width), new Tanh() });
        using var model = new Sequential([.. layers]);
        model.Compile(new Adam(1e-3), Loss.MeanSquaredError(), seed: 1);
        var trainer = new Trainer(model);
        var random = new Random(1);
        float[] inputs = [.. Enumerable.Range(0, Batch * Width).Select(_ => random.NextSingle() - 0.5f)];
        var before = Peak();
        var times = new List<double>();
        var loss = 0.0;
        for (var i = 0; i < Steps; i++)
        {
            var start = Stopwatch.GetTimestamp();
            loss = trainer.TrainStep(
                new TensorView(inputs, [Batch, Width]), new TensorView(inputs, [Batch, Width]), new StepOptions { GradientCheckpointSegments = segments }).Loss;
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        times.Sort();
        Console.WriteLine($"  {segments,2} segments: peak + {(Peak() - before) / 1048576.0,6:F1} MiB, step {times[Steps / 2],7:F1} ms, loss {loss:R}");
    }

    private static long Peak()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
