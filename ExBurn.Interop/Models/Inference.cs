using System.Runtime.CompilerServices;
using ExBurn.Native;

namespace ExBurn;

/// <summary>
/// What maps input arrays to output arrays: a <see cref="Model"/> or a <see cref="Predictor"/>. Layers act as in evaluation
/// (no dropout, running statistics). All forms do the same; they differ in what they take and return.
/// </summary>
public abstract partial class Inference : IDisposable
{
    private protected Inference()
    {
    }

    /// <summary>Shape of one input sample, without the batch dimension, as far as it is known.</summary>
    public abstract Shape? SampleShape { get; }

    /// <summary>Shape of a sample of each input, without the batch dimension; null where the model was not told it.</summary>
    public abstract IReadOnlyList<Shape?> InputShapes { get; }

    /// <summary>Names of the inputs, in the order in which arrays are given.</summary>
    public abstract IReadOnlyList<string> InputNames { get; }

    /// <summary>Names of the outputs, in the order in which they come.</summary>
    public abstract IReadOnlyList<string> OutputNames { get; }

    /// <summary>Predicts for one or more samples that lie one after the other.</summary>
    /// <param name="samples">Values of <see cref="SampleShape"/>, a whole number of samples.</param>
    /// <param name="batchSize">Rows computed at once; 0 for all.</param>
    /// <returns>The first output, row-major: one row per sample.</returns>
    /// <exception cref="InvalidOperationException">The shape of a sample is not known; pass a <see cref="TensorView"/>.</exception>
    /// <exception cref="ArgumentException">The number of values is no multiple of a sample's.</exception>
    public float[] Predict(float[] samples, int batchSize = 0) => Predict(SamplesOf(samples), batchSize).ToSingles();

    /// <summary>Predicts for a model with one input.</summary>
    /// <param name="input">The rows, batch dimension first.</param>
    /// <param name="batchSize">Rows computed at once; 0 for all.</param>
    /// <returns>The first output.</returns>
    /// <exception cref="ShapeMismatchException">A layer cannot take the shape.</exception>
    /// <exception cref="ExBurnException">The core refused; code <see cref="ErrorCode.Busy"/> when the model is in use by another thread.</exception>
    public TensorData Predict(TensorView input, int batchSize = 0)
    {
        using var outputs = Run(new ArrayInputs(input.ToInput()), Rows(batchSize));
        return TensorData.FromNative(outputs, 0);
    }

    /// <summary>Predicts into the caller's memory; nothing managed is allocated.</summary>
    /// <param name="input">The rows, batch dimension first.</param>
    /// <param name="output">Takes the first output, row-major; must have exactly its size. The model computes in <see cref="DType.Float32"/>.</param>
    /// <param name="batchSize">Rows computed at once; 0 for all.</param>
    /// <exception cref="ArgumentException"><paramref name="output"/> has another size.</exception>
    public void Predict(TensorView input, Span<float> output, int batchSize = 0)
    {
        using var outputs = Run(new ArrayInputs(input.ToInput()), Rows(batchSize));
        var values = outputs.Data<float>(0);
        if (values.Length != output.Length)
            throw new ArgumentException($"The output has {values.Length} values, the memory given has {output.Length}.", nameof(output));
        values.CopyTo(output);
    }

    /// <summary>Predicts for a model with any number of inputs and outputs.</summary>
    /// <param name="inputs">One array per input, in the model's order, all with the same number of rows.</param>
    /// <param name="batchSize">Rows computed at once; 0 for all.</param>
    /// <returns>One array per output.</returns>
    [OverloadResolutionPriority(1)]
    public TensorData[] Predict(IReadOnlyList<TensorData> inputs, int batchSize = 0)
    {
        using var outputs = Run(Inputs(inputs, nameof(inputs)), Rows(batchSize));
        var results = new TensorData[outputs.Count];
        for (var i = 0; i < results.Length; i++)
            results[i] = TensorData.FromNative(outputs, i);
        return results;
    }

    /// <summary>Predicts for a model with any number of inputs and outputs, by name.</summary>
    /// <param name="inputs">One array for each of <see cref="InputNames"/>, all with the same number of rows.</param>
    /// <param name="batchSize">Rows computed at once; 0 for all.</param>
    /// <returns>One array for each of <see cref="OutputNames"/>.</returns>
    /// <exception cref="ArgumentException">An input is missing, or there is one that the model does not have.</exception>
    public IReadOnlyDictionary<string, TensorData> Predict(IReadOnlyDictionary<string, TensorData> inputs, int batchSize = 0)
        => NamedOutputs(Predict(InputsByName(inputs), batchSize));

    /// <summary>As <see cref="Predict(TensorView, int)"/>, on another thread.</summary>
    /// <param name="input">The rows, batch dimension first.</param>
    /// <param name="batchSize">Rows computed at once; 0 for all.</param>
    /// <param name="cancellationToken">Looked at before the work starts.</param>
    public Task<TensorData> PredictAsync(TensorData input, int batchSize = 0, CancellationToken cancellationToken = default)
    {
        Check.NotNull(input, nameof(input));
        return Task.Run(() => Predict(input.View, batchSize), cancellationToken);
    }

    /// <summary>Frees the native memory. A call in progress on another thread ends first. May be called twice.</summary>
    public abstract void Dispose();

    private protected abstract NativeOutputs Run(in ArrayInputs inputs, ulong batchSize);

    /// <summary>All rows at once, as a server has put them together.</summary>
    internal NativeOutputs RunBatch(in ArrayInputs inputs) => Run(inputs, 0);

    /// <summary>The arrays as the boundary takes them.</summary>
    internal static ArrayInputs Inputs(IReadOnlyList<TensorData> arrays, string name)
    {
        var inputs = default(ArrayInputs);
        foreach (var array in Check.NotNull(arrays, name))
            inputs.Add(Check.NotNull(array, name).View.ToInput());
        return inputs;
    }

    /// <summary>Samples that lie one after the other, with their shape.</summary>
    internal TensorView SamplesOf(float[] samples)
    {
        Check.NotNull(samples, nameof(samples));
        if (SampleShape is not { IsKnown: true } sample)
            throw new InvalidOperationException(
                "The shape of a sample is not known: give inputShape at Compile, or pass a TensorView with its shape.");
        var size = Math.Max(1, sample.ElementCount);
        if (samples.Length % size != 0)
            throw new ArgumentException($"{samples.Length} values are no multiple of the {size} of a sample {sample}.", nameof(samples));
        return new TensorView(samples, sample.Prepend(samples.Length / size));
    }

    internal TensorData[] InputsByName(IReadOnlyDictionary<string, TensorData> inputs)
    {
        Check.NotNull(inputs, nameof(inputs));
        if (inputs.Count != InputNames.Count || InputNames.Any(name => !inputs.ContainsKey(name)))
            throw new ArgumentException(
                $"The model takes the inputs {string.Join(", ", InputNames)}; given are {string.Join(", ", inputs.Keys)}.", nameof(inputs));
        return [.. InputNames.Select(name => inputs[name])];
    }

    internal IReadOnlyDictionary<string, TensorData> NamedOutputs(TensorData[] outputs)
        => OutputNames.Zip(outputs, (name, output) => (name, output)).ToDictionary(pair => pair.name, pair => pair.output, StringComparer.Ordinal);

    private static ulong Rows(int batchSize) => (ulong)Check.AtLeast(0, batchSize, nameof(batchSize));
}
