using ExBurn.Native;

namespace ExBurn;

public abstract partial class Inference
{
    /// <summary>Times predictions of a batch of random rows, uniform in [0, 1).</summary>
    /// <param name="batchSize">Rows of the batch. Default 1.</param>
    /// <param name="options">How often; null for the defaults.</param>
    /// <exception cref="InvalidOperationException">The shape of a sample is not known; pass a <see cref="TensorView"/>.</exception>
    public BenchmarkResult Benchmark(int batchSize = 1, BenchmarkOptions? options = null)
    {
        Check.Positive(batchSize, nameof(batchSize));
        if (SampleShape is not { IsKnown: true } sample)
            throw new InvalidOperationException(
                "The shape of a sample is not known: give inputShape at Compile, or pass a TensorView with its shape.");
        var random = new Random(0);
        var values = new float[checked((int)(batchSize * sample.ElementCount))];
        for (var i = 0; i < values.Length; i++)
            values[i] = (float)random.NextDouble();
        return Benchmark(new TensorView(values, sample.Prepend(batchSize)), options);
    }

    /// <summary>Times predictions of a batch: from the input in .NET's memory to the output in native memory, the device's work done.</summary>
    /// <param name="input">The batch that every run takes.</param>
    /// <param name="options">How often; null for the defaults.</param>
    /// <inheritdoc cref="Predict(TensorView, int)" path="/exception"/>
    public BenchmarkResult Benchmark(TensorView input, BenchmarkOptions? options = null)
    {
        var clock = new BenchmarkClock(options, input.Rows);
        while (clock.Next())
        {
            using var outputs = Run(new ArrayInputs(input.ToInput()), 0);
        }
        return clock.Result();
    }
}
