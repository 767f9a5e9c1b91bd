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
    private const int Batch = 64;

    private readonly Sequential _model = new(
        new Linear(Inputs, 256), new ReLU(), new Linear(256, 128), new ReLU(), new Linear(128, Classes));

    private readonly Trainer _trainer;
    private readonly float[] _inputs;
    private readonly long[] _targets;
    private readonly Shape _inputShape;
    private readonly Shape _targetShape;

    public TrainStep()
    {
        var random = new Random(1);
        _inputs = [.. Enumerable.Range(0, Batch * Inputs).Select(_ => random.NextSingle())];
        _targets = [.. Enumerable.Range(0, Batch).Select(_ => random.NextInt64(Classes))];
        _inputShape = [Batch, Inputs];
        _targetShape = [Batch];
        _model.Compile(new Adam(1e-3), Loss.CrossEntropy(), inputShape: [Inputs], seed: 1);
        _trainer = new Trainer(_model);
    }

    /// <summary>As the peers measure: seven times a number of steps.</summary>
    /// <returns>Microseconds per step, median and best, and managed bytes per step.</returns>
    public (double Median, double Best, double Bytes) Run(int steps)
    {
        var parts = Enumerable.Range(0, 7).Select(_ => Time(steps)).OrderBy(part => part.Microseconds).ToArray();
        return (parts[3].Microseconds, parts[0].Microseconds, parts.Max(part => part.Bytes));
    }

    public void Dispose() => _model.Dispose();

    private (double Microseconds, double Bytes) Time(int steps)
    {
        var bytes = GC.GetAllocatedBytesForCurrentThread();
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < steps; i++)
            _trainer.TrainStep(new TensorView(_inputs, _inputShape), new TensorView(_targets, _targetShape));
        var time = Stopwatch.GetElapsedTime(start);
        bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
        return (time.TotalMicroseconds / steps, (double)bytes / steps);
    }
}
