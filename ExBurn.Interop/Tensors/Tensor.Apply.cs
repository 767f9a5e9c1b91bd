using ExBurn.Native;

namespace ExBurn;

// The one door to the operations of the native core.
public sealed partial class Tensor
{
    /// <summary>No operation gives more results.</summary>
    private const int MostResults = 1024;

    /// <summary>Runs an operation of one result.</summary>
    /// <param name="operation">Its name in the native core.</param>
    /// <param name="options">Writes its options; null for none.</param>
    /// <param name="inputs">Its inputs; for a layer its parameters after them.</param>
    internal static Tensor Run(string operation, Action<ConfigWriter>? options, params Tensor[] inputs)
    {
        var result = new TensorHandle?[1];
        Call(operation, Config(options), inputs, default, result);
        return new(result[0]!, inputs[0].Device);
    }

    /// <summary>Runs an operation of several results.</summary>
    /// <inheritdoc cref="Run(string, Action{ConfigWriter}?, Tensor[])" path="/param"/>
    internal static Tensor[] RunMany(string operation, Action<ConfigWriter>? options, params Tensor[] inputs)
        => RunMany(operation, Config(options), inputs, false);

    /// <summary>Runs a layer or operation whose options are JSON.</summary>
    internal static Tensor[] RunMany(string operation, string config, Tensor[] inputs, bool training)
    {
        // Only training passes draw random numbers.
        var (seed, counter) = training ? TensorRandom.Next() : default;
        var results = new TensorHandle?[4];
        var options = new TensorOptionsNative(0, training, seed, counter);
        var count = Call(operation, config, inputs, options, results);
        if (count > results.Length)
        {
            foreach (var handle in results)
                handle!.Dispose();
            if (count > MostResults)
                throw new ExBurnException($"{operation} gives {count} results, at most {MostResults} are possible", ErrorCode.Unsupported);
            results = new TensorHandle?[count];
            Call(operation, config, inputs, options, results);
        }
        var device = inputs[0].Device;
        var tensors = new Tensor[count];
        for (var i = 0; i < count; i++)
            tensors[i] = new(results[i]!, device);
        return tensors;
    }

    private static int Call(string operation, string config, Tensor[] inputs, TensorOptionsNative options, Span<TensorHandle?> results)
    {
        foreach (var input in inputs)
            Check.NotNull(input, operation);
        return BurnBridge.ApplyTensors(operation, config, inputs, options with { Tracking = Tracking(operation, inputs) }, results);
    }

    /// <summary>How the current mode has an operation tracked.</summary>
    /// <exception cref="InvalidOperationException">The operation would be recorded, and an input is an inference tensor.</exception>
    internal static uint Tracking(string operation, ReadOnlySpan<Tensor> inputs)
    {
        var tracking = GradMode.Tracking;
        if (tracking == 0)
            return tracking;
        Tensor? inference = null;
        foreach (var input in inputs)
            if (input._inference)
                inference = input;
        if (inference is null)
            return tracking;
        foreach (var input in inputs)
            if (input.RequiresGradient)
                throw new InvalidOperationException($"{operation}: a tensor that was made in GradMode.Inference() cannot take part in a graph. "
                    + "Copy its data into a new tensor, or compute it under GradMode.NoGrad().");
        return tracking;
    }

    private static string Config(Action<ConfigWriter>? options)
        => options is null ? "" : JsonText.Object(json => options(new ConfigWriter(json)));
}
