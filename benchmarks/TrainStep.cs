using System.Diagnostics;

namespace ExBurn.Benchmarks;

/// <summary>
/// One training step of an MLP (784-256-128-10, ReLU, cross-entropy, Adam 1e-3, float32, CPU) called from C#, batch by batch:
/// the work that native/core/benches/train_step.rs and peer_torch.py do too.
/// </summary>
internal sealed class TrainStep : IDisposable
{
    private const int Inputs = 784;
    private const int Classes = 10;

    private readonly Sequential _model = new(
        new Linear(Inputs, 256), new ReLU(), new Linear(256, 128), new ReLU(), new Linear(128, Classes));

    private readonly Trainer _trainer;
    private readonly float[] _inputs;
    private readonly long[] _targets;
    private readonly Shape _inputShape;
    private readonly Shape _targetShape;

    public TrainStep(int batch)
    {
        var random = new Random(1);
        _inputs = [.. Enumerable.Range(0, batch * Inputs).Select(_ => random.NextSingle())];
        _targets = [.. Enumerable.Range(0, batch).Select(_ => random.NextInt64(Classes))];
        _inputShape = [batch, Inputs];
        _targetShape = [batch];
        _model.Compile(new Adam(1e-3), Loss.CrossEntropy(), inputShape: [Inputs], seed: 1);
        _trainer = new Trainer(_model);
    }

    /// <summary>Makes steps and says what one of them takes.</summary>
    /// <returns>Microseconds and managed bytes per step.</returns>
    public (double Microseconds, double Bytes) Run(int steps)
    {
        var bytes = GC.GetAllocatedBytesForCurrentThread();
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < steps; i++)
            _trainer.TrainStep(new TensorView(_inputs, _inputShape), new TensorView(_targets, _targetShape));
        var time = Stopwatch.GetElapsedTime(start);
        bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
        return (time.TotalMicroseconds / steps, (double)bytes / steps);
    }

    public void Dispose() => _model.Dispose();
}
