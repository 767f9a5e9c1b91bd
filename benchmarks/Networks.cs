namespace ExBurn.Benchmarks;

/// <summary>Forward pass and training step of networks of usual size, pass by pass in turns with PyTorch where it is there.</summary>
internal static class Networks
{
    /// <param name="python">Python with torch, or null.</param>
    /// <param name="script">peer_torch_networks.py.</param>
    /// <param name="name">One network only, or null for all.</param>
    public static void Measure(string? python, string script, string? name)
    {
        using var peer = python is null ? null : NetworkPeer.Start(python, script);
        Console.WriteLine($"networks, SGD with momentum, cross-entropy, float32, CPU; ms, medians of pairs{(peer is null ? "" : $"; {peer.Version}")}");
        foreach (var (known, what, rounds) in NetworkCase.All)
        {
            if (name is not null && name != known)
                continue;
            using var network = NetworkCase.Create(known);
            if (peer is not null && peer.Ask($"network {known}") is var theirs && theirs != network.Parameters)
                throw new InvalidOperationException($"{known}: {network.Parameters} parameters, {peer.Version} has {theirs}");
            Console.WriteLine($"  {known}: {what}, {network.Parameters:N0} parameters");
            Compare("forward", network.Forward, peer, rounds);
            Compare("step", network.Step, peer, rounds);
            var profiles = Enumerable.Range(0, 5).Select(_ => network.Profile()).ToArray();
            double Part(Func<StepProfile, TimeSpan> of) => Middle(profiles.Select(profile => of(profile).TotalMilliseconds));
            Console.WriteLine($"    of a step: forward {Part(p => p.Forward):F2}, backward {Part(p => p.Backward):F2}, optimizer {Part(p => p.Optimizer):F2}");
        }
    }

    private static void Compare(string what, Func<double> own, NetworkPeer? peer, int rounds)
    {
        for (var i = 0; i < 2; i++)
        {
            own();
            peer?.Ask(what);
        }
        var pairs = Enumerable.Range(0, rounds).Select(_ => (Own: own(), Theirs: peer?.Ask(what))).ToArray();
        var line = $"    {what,-8} C# {Middle(pairs.Select(pair => pair.Own)),8:F2}";
        if (peer is not null)
            line += $"   PyTorch {Middle(pairs.Select(pair => pair.Theirs!.Value)),8:F2}   C# / PyTorch {Middle(pairs.Select(pair => pair.Own / pair.Theirs!.Value)):F3}";
        Console.WriteLine(line);
    }

    private static double Middle(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
