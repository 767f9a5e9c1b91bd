using ExBurn.Native;

namespace ExBurn;

/// <summary>
/// A snapshot of a model's weights that predicts, made by <see cref="Model.CreatePredictor()"/>. Any number of threads may call it
/// at once, also while the model trains on; later training does not change it.
/// </summary>
public sealed class Predictor : Inference
{
    private readonly PredictorHandle _handle;

    internal Predictor(PredictorHandle handle, Shape? sampleShape, IReadOnlyList<Shape?> shapes, IReadOnlyList<string> inputs, IReadOnlyList<string> outputs)
    {
        _handle = handle;
        SampleShape = sampleShape;
        InputShapes = shapes;
        InputNames = inputs;
        OutputNames = outputs;
    }

    /// <inheritdoc/>
    public override Shape? SampleShape { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<Shape?> InputShapes { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> InputNames { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> OutputNames { get; }

    /// <inheritdoc/>
    public override void Dispose() => _handle.Dispose();

    private protected override NativeOutputs Run(in ArrayInputs inputs, ulong batchSize)
        => BurnBridge.Predict(_handle, inputs, batchSize);
}
