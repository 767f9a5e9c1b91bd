namespace ExBurn.Benchmarks;

/// <summary>
/// Train step through C# against the same step from Rust and from PyTorch, in turns, best and median of the rounds.
///   ExBurn.Benchmarks [--rust PROGRAM] [--torch peer_torch.py] [--batch N] [--steps N] [--rounds N]
/// </summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        string? rust = null, torch = null;
        int batch = 64, steps = 300, rounds = 7;
        for (var i = 0; i + 1 < arguments.Length; i += 2)
        {
            var value = arguments[i + 1];
            switch (arguments[i])
            {
                case "--rust": rust = value; break;
                case "--torch": torch = value; break;
                case "--batch": batch = Number(value); break;
                case "--steps": steps = Number(value); break;
                case "--rounds": rounds = Number(value); break;
                default: Console.Error.WriteLine($"unknown option {arguments[i]}"); return 2;
            }
        }

        var peers = new List<Peer>();
        if (rust is not null)
            peers.Add(new Peer("Rust", rust));
        if (torch is not null)
            peers.Add(new Peer("PyTorch", "python3", torch));
        Measure(peers, batch, steps, rounds);
        return 0;
    }

    private static void Measure(List<Peer> peers, int batch, int steps, int rounds)
    {
        Console.WriteLine($"train step, MLP 784-256-128-10, Adam, batch {batch}, float32, CPU: us/step over {rounds} rounds of {steps} steps");
        using var step = new TrainStep(batch);
        step.Run(steps);   // compiled, caches filled
        var own = new List<double>();
        var theirs = peers.ToDictionary(peer => peer.Name, _ => new List<double>());
        var bytes = 0.0;
        for (var round = 0; round < rounds; round++)
        {
            var (microseconds, allocated) = step.Run(steps);
            own.Add(microseconds);
            bytes = allocated;
            foreach (var peer in peers)
                if (peer.Run(batch, steps) is { } time)
                    theirs[peer.Name].Add(time);
        }

        Print("C#", own, own);
        foreach (var (name, times) in theirs)
        {
            if (times.Count == 0)
                Console.WriteLine($"  {name,-8} not installed");
            else
                Print(name, times, own);
        }
        Console.WriteLine($"  managed bytes per step: {bytes:F1}");
    }

    private static void Print(string name, List<double> times, List<double> own)
    {
        var compared = ReferenceEquals(times, own) ? "" : $"   C# / {name}: best {own.Min() / times.Min():F3}, median {Median(own) / Median(times):F3}";
        Console.WriteLine($"  {name,-8} best {times.Min(),9:F1}   median {Median(times),9:F1}{compared}");
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static int Number(string text) => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
