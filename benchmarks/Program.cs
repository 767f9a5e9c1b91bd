namespace ExBurn.Benchmarks;

/// <summary>
/// Train step through C# against the same step from Rust and from PyTorch, in turns.
/// Then the manual loop against Fit, an optimizer's step against a copy of the same bytes, networks of usual size against PyTorch,
/// predictions of concurrent callers, alone and through a server, and the memory of gradient checkpointing.
/// --only step|loop|optimizer|networks|serving|memory chooses one, --network NAME one of the networks.
///   ExBurn.Benchmarks [--only WHAT] [--network NAME] [--rust PROGRAM] [--torch PYTHON] [--scripts FOLDER] [--steps N] [--rounds N]
/// </summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        string? rust = null, python = null, only = null, network = null;
        var scripts = "benchmarks";
        int steps = 300, rounds = 5, segments = 1;
        for (var i = 0; i + 1 < arguments.Length; i += 2)
        {
            var value = arguments[i + 1];
            switch (arguments[i])
            {
                case "--only": only = value; break;
                case "--rust": rust = value; break;
                case "--torch": python = value; break;
                case "--scripts": scripts = value; break;
                case "--network": network = value; break;
                case "--steps": steps = Number(value); break;
                case "--rounds": rounds = Number(value); break;
                case "--segments": segments = Number(value); break;
                default: Console.Error.WriteLine($"unknown option {arguments[i]}"); return 2;
            }
        }

        var peers = new List<Peer>();
        if (rust is not null)
            peers.Add(new Peer("Rust", rust));
        if (python is not null)
            peers.Add(new Peer("PyTorch", python, Path.Combine(scripts, "peer_torch.py")));
        if (only is null or "step")
            Measure(peers, steps, rounds);
        if (only is null or "loop")
            ManualLoop.Measure();
        if (only is null or "optimizer")
            OptimizerStep.Measure();
        if (only is null or "memory")
            CheckpointMemory.Measure();
        if (only is "memory-of")
            CheckpointMemory.Measure(segments);
        if (only is null or "networks")
            Networks.Measure(python, Path.Combine(scripts, "peer_torch_networks.py"), network);
        if (only is null or "serving")
            Serving.Measure();
        return 0;
    }

    private static void Measure(List<Peer> peers, int steps, int rounds)
    {
        Console.WriteLine($"train step, MLP 784-256-128-10, Adam, batch 64, float32, CPU; us/step, {rounds} rounds of 7 x {steps} steps");
        using var step = new TrainStep();
        step.Run(50);   // compiled, caches filled
        var own = new Times("C#");
        var theirs = peers.ConvertAll(peer => new Times(peer.Name));
        var bytes = 0.0;
        for (var round = 0; round < rounds; round++)
        {
            var (median, best, allocated) = step.Run(steps);
            own.Add(median, best);
            bytes = Math.Max(bytes, allocated);
            for (var i = 0; i < peers.Count; i++)
                if (peers[i].Run() is { } time)
                    theirs[i].Add(time.Median, time.Best);
        }

        Console.WriteLine(own);
        foreach (var times in theirs)
            Console.WriteLine(times.IsEmpty ? $"  {times.Name,-8} did not run" : $"{times}   C# / {times.Name}: best {own.Best / times.Best:F3}, median {own.Median / times.Median:F3}");
        Console.WriteLine($"  managed bytes per step: {bytes:F1}");
    }

    private static int Number(string text) => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>What the rounds of one program took: the best of all, the median of the rounds' medians.</summary>
    private sealed class Times(string name)
    {
        private readonly List<double> _medians = [];

        public string Name => name;

        public bool IsEmpty => _medians.Count == 0;

        public double Best { get; private set; } = double.PositiveInfinity;

        public double Median => _medians.Order().ElementAt(_medians.Count / 2);

        public void Add(double median, double best)
        {
            _medians.Add(median);
            Best = Math.Min(Best, best);
        }

        public override string ToString() => $"  {name,-8} best {Best,8:F1}   median {Median,8:F1}";
    }
}
