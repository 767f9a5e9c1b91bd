using ExBurn.Native;

namespace ExBurn;

/// <summary>
/// A snapshot of a model's weights that predicts, made by <see cref="Model.CreatePredictor"/>. Any number of threads may call it
/// at once, also while the model trains on; later training does not change it.
/// </summary>
public sealed class Predictor : Inference
{
    private readonly PredictorHandle _handle;

    internal Predictor(PredictorHandle handle, Shape? sampleShape)
    {
        _handle = handle;
        SampleShape = sampleShape;
    }

    /// <inheritdoc/>
    public override Shape? SampleShape { get; }

    /// <inheritdoc/>
    public override void Dispose() => _handle.Dispose();

    private protected override NativeOutputs Run(in ArrayInputs inputs, ulong batchSize)
        => BurnBridge.Predict(_handle, inputs, batchSize);
}
