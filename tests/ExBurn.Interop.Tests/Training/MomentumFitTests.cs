using ExBurn.Tests.Support;

namespace ExBurn.Tests.Training;

/// <summary>
/// Schedules in runs on the fixture of TorchSharp's optimizer tests: 101 thousand weights from a Mersenne twister, ten steps of SGD on all rows, base rate 4e-5.
/// The loss at the tenth step was recomputed in double precision from the published rules (their cyclic momentum is wrong there).
/// </summary>
public sealed class MomentumFitTests
{
    public static TheoryData<string, double> Cases => new()
    {
        { "step", 67.361367 },
        { "lambda", 73.870015 },
        { "multiplicative", 71.141885 },
        { "exponential", 180.24898 },
        { "linear", 101.83324 },
        { "milestones", 64.018909 },
        { "cosine", 88.980511 },
        { "cyclic", 50.822229 },
        { "cyclic momentum", 70.091656 },
        { "one cycle", 50.370843 },
        { "one cycle momentum", 112.49921 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Ten_steps_under_a_schedule(string name, double expected)
    {
        var random = new Twister(4711);
        double[] Weights(int count, int inputs) => [.. random.Draw(count).Select(r => (r * 2 / Math.Sqrt(inputs)) - (1 / Math.Sqrt(inputs)))];
        var state = new Dictionary<string, TensorData>
        {
            ["0.weight"] = new TensorData(new TensorView(Weights(100_000, 1000), [100, 1000])),
            ["0.bias"] = new TensorData(new TensorView(Weights(100, 1000), [100])),
            ["2.weight"] = new TensorData(new TensorView(Weights(1000, 100), [10, 100])),
            ["2.bias"] = new TensorData(new TensorView(Weights(10, 100), [10])),
        };
        var (x, y) = (random.Draw(64_000), random.Draw(640));
        Assert.Equal((0.0120613, 0.7314322, 0.8038773, -0.0699901), (Math.Round(state["0.weight"].ToDoubles()[0], 7), Math.Round(x[0], 7), Math.Round(y[0], 7), Math.Round(state["2.bias"].ToDoubles()[9], 7)));
        using var model = new Sequential(new Linear(1000, 100), new ReLU(), new Linear(100, 10));
        model.Compile(new SGD(4e-5), Loss.MeanSquaredError() with { Reduction = Reduction.Sum }, dtype: DType.Float64);
        model.SetState(state);
        // Ten times the same rows: an epoch is ten steps on all of them.
        using var data = Dataset.FromArrays(
            [Repeated(x, [640, 1000])], [Repeated(y, [640, 10])]);
        var losses = new Losses();
        new Trainer(model).Fit(data, new() { BatchSize = 64, Shuffle = false, Schedule = Schedule(name) with { Interval = ScheduleInterval.Step }, Callbacks = [losses] });
        Assert.Equal(244.55300, losses.Seen[0], 1e-4);
        Close.Check([expected], [losses.Seen[9]], 1e-7, 0, name);
    }

    private static TensorData Repeated(double[] values, Shape shape) => new(new TensorView(Enumerable.Repeat(values, 10).SelectMany(one => one).ToArray(), shape));

    private static Schedule Schedule(string name) => name switch
    {
        "step" => new StepDecay(1, 0.97),
        "lambda" => new LambdaSchedule(step => Math.Pow(0.95, step + 1)),
        "multiplicative" => new MultiplicativeSchedule(_ => 0.95),
        "exponential" => new ExponentialDecay(0.1),
        "linear" => new LinearSchedule(1.0 / 3, 0.75, 10),
        "milestones" => new MultiStepDecay([3, 5, 7], 0.97),
        "cosine" => new CosineAnnealing(10),
        "cyclic" => new Cyclic(1e-4, 4e-4, 5) { CycleMomentum = false },
        "cyclic momentum" => new Cyclic(1e-4, 4e-4, 5),
        "one cycle" => new OneCycle(4e-4, 10) { CycleMomentum = false },
        _ => new OneCycle(4e-4, 10),
    };

    private sealed class Losses : Callback
    {
        public List<double> Seen { get; } = [];

        public override void OnBatchEnd(TrainingContext context, in BatchResult batch) => Seen.Add(batch.Loss);
    }

    /// <summary>MT19937, seeded with one integer.</summary>
    private sealed class Twister
    {
        private readonly uint[] _state = new uint[624];
        private int _next = 624;

        public Twister(uint seed)
        {
            _state[0] = seed;
            for (uint i = 1; i < 624; i++)
                _state[i] = unchecked((1812433253u * (_state[i - 1] ^ (_state[i - 1] >> 30))) + i);
        }

        /// <summary>Numbers from 0 to 1: the low 24 bits.</summary>
        public double[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => (Next() & 0xFFFFFF) / 16777216.0)];

        private uint Next()
        {
            if (_next == 624)
            {
                for (var i = 0; i < 624; i++)
                {
                    var y = (_state[i] & 0x80000000) | (_state[(i + 1) % 624] & 0x7FFFFFFF);
                    _state[i] = _state[(i + 397) % 624] ^ (y >> 1) ^ ((y & 1) != 0 ? 0x9908B0DFu : 0);
                }
                _next = 0;
            }
            var x = _state[_next++];
            x ^= x >> 11;
            x ^= (x << 7) & 0x9D2C5680;
            x ^= (x << 15) & 0xEFC60000;
            return x ^ (x >> 18);
        }
    }
}
