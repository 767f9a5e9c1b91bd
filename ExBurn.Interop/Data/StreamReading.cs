namespace ExBurn;

/// <summary>Ways to read the source of a <see cref="DataStream"/>; all run on the thread that reads ahead.</summary>
internal static class StreamReading
{
    /// <summary>The source, as long as nobody cancels.</summary>
    public static IEnumerable<T> Watched<T>(IEnumerable<T> source, CancellationToken cancellation)
    {
        foreach (var item in source)
        {
            cancellation.ThrowIfCancellationRequested();
            yield return item;
        }
    }

    /// <summary>An asynchronous source; this thread waits for it.</summary>
    public static IEnumerable<T> Awaited<T>(IAsyncEnumerable<T> source, CancellationToken cancellation)
    {
        var items = source.GetAsyncEnumerator(cancellation);
        try
        {
            while (Wait(items.MoveNextAsync()))
                yield return items.Current;
        }
        finally
        {
            items.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    /// <summary>Samples as batches; the last may be smaller.</summary>
    public static IEnumerable<Batch> Collect(IEnumerable<Sample> samples, int size)
    {
        var batch = new SampleBatch(size);
        foreach (var sample in samples)
        {
            batch.Add(sample);
            if (batch.IsFull)
                yield return batch.Take();
        }
        if (!batch.IsEmpty)
            yield return batch.Take();
    }

    /// <summary>The samples in another order: each is drawn from among the next <paramref name="buffer"/>.</summary>
    public static IEnumerable<Sample> Shuffled(IEnumerable<Sample> samples, int buffer, ulong seed)
    {
        var random = new SplitMix(seed);
        var waiting = new List<Sample>(buffer);
        foreach (var sample in samples)
        {
            if (waiting.Count < buffer)
            {
                waiting.Add(sample);
                continue;
            }
            var place = random.Below(buffer);
            yield return waiting[place];
            waiting[place] = sample;
        }
        while (waiting.Count > 0)
        {
            var place = random.Below(waiting.Count);
            yield return waiting[place];
            waiting[place] = waiting[waiting.Count - 1];
            waiting.RemoveAt(waiting.Count - 1);
        }
    }

    private static bool Wait(ValueTask<bool> next)
        => next.IsCompletedSuccessfully ? next.Result : next.AsTask().GetAwaiter().GetResult();

    /// <summary>SplitMix64 (Steele, Lea and Flood, 2014).</summary>
    private sealed class SplitMix(ulong state)
    {
        public int Below(int count) => (int)((Next() >> 11) * (1.0 / (1UL << 53)) * count);

        private ulong Next()
        {
            state = unchecked(state + 0x9E3779B97F4A7C15);
            var z = state;
            z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
            z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
            return z ^ (z >> 31);
        }
    }
}
