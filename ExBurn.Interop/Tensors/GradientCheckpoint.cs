using ExBurn.Native;

namespace ExBurn;

/// <summary>
/// Trades time for memory: the inner results of a function are not kept for the backward pass; it runs a second time there, with the same random
/// numbers. Gradients are those of the plain run, also of what the function uses besides its inputs (parameters).
/// </summary>
public static class GradientCheckpoint
{
    /// <summary>Runs a function, keeping its inputs and results only.</summary>
    /// <param name="function">
    /// Gives tensors for tensors, the same each time. Tensors that it makes are disposed when it ends, so it must not hold any for later. An
    /// exception of the second run comes out of Backward unchanged.
    /// </param>
    /// <param name="inputs">Its inputs.</param>
    /// <returns>Its results.</returns>
    public static Tensor[] Run(Func<Tensor[], Tensor[]> function, params Tensor[] inputs)
    {
        Check.NotNull(function, nameof(function));
        Tensor[] given = [.. Check.NotNull(inputs, nameof(inputs)).Select(tensor => Check.NotNull(tensor, nameof(inputs)))];
        // Without a graph there is nothing to save; in the first pass of an outer checkpoint nothing is kept either.
        if (!Records)
            return Results(function(given));
        var start = TensorRandom.State;
        TensorHandle[] made;
        Device[] devices;
        using (new TensorScope())
        {
            Tensor[] outputs;
            using (var random = TensorRandom.Fork(start))
            using (GradMode.Shadow())
            {
                outputs = Results(function(given));
                random.Commit();
            }
            made = BurnBridge.Checkpoint(given, outputs, new Function(function, [.. given.Select(tensor => tensor.Device)], start, Autocast.State));
            devices = [.. outputs.Select(tensor => tensor.Device)];
        }
        return [.. made.Select((handle, i) => new Tensor(handle, devices[i]))];
    }

    /// <inheritdoc cref="Run(Func{Tensor[], Tensor[]}, Tensor[])"/>
    /// <param name="function">Gives a tensor for a tensor.</param>
    /// <param name="input">Its input.</param>
    public static Tensor Run(Func<Tensor, Tensor> function, Tensor input)
    {
        Check.NotNull(function, nameof(function));
        return Run(tensors => [function(tensors[0])], [input])[0];
    }

    /// <summary>
    /// Runs functions one after the other in segments, each a checkpoint: only what goes from segment to segment is kept. A segment has
    /// ⌈functions / segments⌉ functions, the last one maybe fewer.
    /// </summary>
    /// <param name="functions">The functions; none gives the input back.</param>
    /// <param name="segments">Number of segments, at least 1; more than there are functions count as so many.</param>
    /// <param name="input">Input of the first.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no segment.</exception>
    public static Tensor Sequential(IReadOnlyList<Func<Tensor, Tensor>> functions, int segments, Tensor input)
    {
        Func<Tensor, Tensor>[] all = [.. Check.NotNull(functions, nameof(functions)).Select(function => Check.NotNull(function, nameof(functions)))];
        Check.AtLeast(1, segments, nameof(segments));
        var value = Check.NotNull(input, nameof(input));
        var size = Math.Max(1, (all.Length + segments - 1) / segments);
        for (var first = 0; first < all.Length; first += size)
        {
            Func<Tensor, Tensor>[] segment = [.. all.Skip(first).Take(size)];
            var next = Run(x => segment.Aggregate(x, (tensor, function) => function(tensor)), value);
            // What goes from one segment to the next is kept by the graph. Without one it may be a tensor of the functions.
            if (Records && first > 0)
                value.Dispose();
            value = next;
        }
        return value;
    }

    private static bool Records => GradMode.IsEnabled && !GradMode.IsShadow;

    private static Tensor[] Results(Tensor[] results) => results is not null && results.All(tensor => tensor is not null)
        ? results
        : throw new InvalidOperationException("The function of a gradient checkpoint gave null.");

    /// <summary>A function and the state that its first run began with.</summary>
    private sealed class Function(Func<Tensor[], Tensor[]> function, Device[] devices, (ulong, ulong) random, DType? autocast) : ICheckpointFunction
    {
        public TensorHandle[] Rerun(TensorHandle[] inputs)
        {
            using var scope = new TensorScope();
            using var mode = GradMode.Recording();
            using var precision = Autocast.Restore(autocast);
            using var fork = TensorRandom.Fork(random);
            Tensor[] given = [.. inputs.Select((handle, i) => new Tensor(handle, devices[i]))];
            return [.. Results(function(given)).Select(tensor => BurnBridge.ShareTensor(tensor.Handle))];
        }
    }
}
