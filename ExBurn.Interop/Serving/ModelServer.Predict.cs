using System.Runtime.CompilerServices;

namespace ExBurn;

// The forms of a request. Those that end in Async return at once; the others wait. All copy what they are given, or keep what cannot change.
public sealed partial class ModelServer
{
    /// <summary>Predicts for one or more samples that lie one after the other, and waits for the answer.</summary>
    /// <param name="samples">Values of the model's sample shape, a whole number of samples.</param>
    /// <param name="cancellationToken">Ends waiting; rows that have not been sent are not computed.</param>
    /// <returns>The first output, row-major: one row per sample.</returns>
    /// <exception cref="InvalidOperationException">The shape of a sample is not known; pass a <see cref="TensorView"/>.</exception>
    /// <exception cref="ArgumentException">The number of values is no multiple of a sample's.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; carries it.</exception>
    public float[] Predict(float[] samples, CancellationToken cancellationToken = default)
        => Wait(Send([Samples(samples)], cancellationToken))[0].ToSingles();

    /// <summary>Predicts for a model with one input, and waits for the answer.</summary>
    /// <param name="input">The rows, batch dimension first; any number of at least 1. Copied.</param>
    /// <param name="cancellationToken">Ends waiting; rows that have not been sent are not computed.</param>
    /// <returns>The first output.</returns>
    /// <exception cref="ShapeMismatchException">The model cannot take the shape.</exception>
    /// <exception cref="ExBurnException">Code <see cref="ErrorCode.Busy"/>: too much waits, see <see cref="ServingOptions.QueueLimit"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; carries it.</exception>
    /// <exception cref="ObjectDisposedException">The server is disposed.</exception>
    public TensorData Predict(TensorView input, CancellationToken cancellationToken = default)
        => Wait(Send([input.ToData()], cancellationToken))[0];

    /// <summary>Predicts for a model with any number of inputs and outputs, and waits for the answer.</summary>
    /// <param name="inputs">One array per input, in the model's order, all with the same number of rows.</param>
    /// <param name="cancellationToken">Ends waiting; rows that have not been sent are not computed.</param>
    /// <returns>One array per output.</returns>
    /// <inheritdoc cref="Predict(TensorView, CancellationToken)" path="/exception"/>
    [OverloadResolutionPriority(1)]
    public TensorData[] Predict(IReadOnlyList<TensorData> inputs, CancellationToken cancellationToken = default)
        => Wait(Send([.. Check.NotNull(inputs, nameof(inputs))], cancellationToken));

    /// <summary>Predicts for a model with any number of inputs and outputs, by name, and waits for the answer.</summary>
    /// <param name="inputs">One array for each of <see cref="InputNames"/>, all with the same number of rows.</param>
    /// <param name="cancellationToken">Ends waiting; rows that have not been sent are not computed.</param>
    /// <returns>One array for each of <see cref="OutputNames"/>.</returns>
    /// <inheritdoc cref="Predict(TensorView, CancellationToken)" path="/exception"/>
    public IReadOnlyDictionary<string, TensorData> Predict(IReadOnlyDictionary<string, TensorData> inputs, CancellationToken cancellationToken = default)
        => Predictor.NamedOutputs(Wait(Send(Predictor.InputsByName(inputs), cancellationToken)));

    /// <summary>As <see cref="Predict(float[], CancellationToken)"/>, without waiting.</summary>
    /// <inheritdoc cref="Predict(float[], CancellationToken)" path="/param|/returns|/exception"/>
    public Task<float[]> PredictAsync(float[] samples, CancellationToken cancellationToken = default)
        => Take(Send([Samples(samples)], cancellationToken), static outputs => outputs[0].ToSingles());

    /// <summary>As <see cref="Predict(TensorView, CancellationToken)"/>, without waiting.</summary>
    /// <inheritdoc cref="Predict(TensorView, CancellationToken)" path="/param|/returns|/exception"/>
    public Task<TensorData> PredictAsync(TensorView input, CancellationToken cancellationToken = default)
        => Take(Send([input.ToData()], cancellationToken), static outputs => outputs[0]);

    /// <summary>As <see cref="Predict(TensorView, CancellationToken)"/>, without waiting and without a copy.</summary>
    /// <inheritdoc cref="Predict(TensorView, CancellationToken)" path="/param|/returns|/exception"/>
    public Task<TensorData> PredictAsync(TensorData input, CancellationToken cancellationToken = default)
        => Take(Send([Check.NotNull(input, nameof(input))], cancellationToken), static outputs => outputs[0]);

    /// <summary>As <see cref="Predict(IReadOnlyList{TensorData}, CancellationToken)"/>, without waiting.</summary>
    /// <inheritdoc cref="Predict(IReadOnlyList{TensorData}, CancellationToken)" path="/param|/returns|/exception"/>
    [OverloadResolutionPriority(1)]
    public Task<TensorData[]> PredictAsync(IReadOnlyList<TensorData> inputs, CancellationToken cancellationToken = default)
        => Send([.. Check.NotNull(inputs, nameof(inputs))], cancellationToken);

    /// <summary>As <see cref="Predict(IReadOnlyDictionary{string, TensorData}, CancellationToken)"/>, without waiting.</summary>
    /// <inheritdoc cref="Predict(IReadOnlyDictionary{string, TensorData}, CancellationToken)" path="/param|/returns|/exception"/>
    public Task<IReadOnlyDictionary<string, TensorData>> PredictAsync(
        IReadOnlyDictionary<string, TensorData> inputs, CancellationToken cancellationToken = default)
        => Take(Send(Predictor.InputsByName(inputs), cancellationToken), Predictor.NamedOutputs);

    private TensorData Samples(float[] samples) => Predictor.SamplesOf(samples).ToData();

    private static TensorData[] Wait(Task<TensorData[]> answer) => answer.GetAwaiter().GetResult();

    private static async Task<T> Take<T>(Task<TensorData[]> answer, Func<TensorData[], T> part) => part(await answer.ConfigureAwait(false));
}
