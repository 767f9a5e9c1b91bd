namespace ExBurn.Tests.Checkpoints;

/// <summary>
/// A run with everything that has a state: dropout, batch norm, shuffling, momentum, accumulation, averaged weights, a schedule per step with
/// momentum, one per epoch for a group, callbacks that count.
/// </summary>
public sealed class Scenario : IDisposable
{
    private readonly Dataset _train = Points(90, 1);
    private readonly Dataset _test = Points(30, 2);

    /// <summary>Compiles the model. Without a seed it is another one each time, which a checkpoint replaces.</summary>
    public Scenario(long? seed = 11, Optimizer? optimizer = null)
    {
        Model = new Sequential(new Linear(2, 24), new BatchNorm1d(24), new ReLU(), new Dropout(0.3), new Linear(24, 3));
        Model.Compile(optimizer ?? Optimizer(), Loss.CrossEntropy(), [Metric.Accuracy(), Metric.RocAuc()], seed: seed);
        Trainer = new(Model);
    }

    public Sequential Model { get; }

    public Trainer Trainer { get; }

    public static Optimizer Optimizer() => new SGD(0.05)
    {
        Momentum = 0.9,
        Groups = [new ParameterGroup(new Adam(0.01), "4") { Schedule = new ExponentialDecay(0.8) }],
    };

    public FitOptions Options(int epochs, string? resume = null, long steps = 0, string? folder = null) => new()
    {
        Epochs = epochs,
        BatchSize = 8,
        AccumulationSteps = 2,
        ClipNorm = 1,
        Validation = _test,
        Schedule = new Cyclic(0.01, 0.1, 5, 4),
        Ema = new WeightAverage(0.9) { Warmup = true },
        MaxSteps = steps > 0 ? steps : null,
        ResumeFrom = resume,
        Callbacks =
        [
            new EarlyStopping(patience: 3, minDelta: 0.01, restoreBest: true),
            new ReduceOnPlateauCallback(new ReduceOnPlateau(0.9, patience: 0)),
            .. folder is null ? Array.Empty<Callback>() : [new Checkpoint(folder, keepBest: true, keepLast: 3) { EverySteps = 4 }, new CsvLog(Path.Combine(folder, "log.csv"))],
        ],
    };

    public History Fit(int epochs, string? resume = null, long steps = 0, string? folder = null)
        => Trainer.Fit(_train, Options(epochs, resume, steps, folder));

    public void Dispose()
    {
        Model.Dispose();
        _train.Dispose();
        _test.Dispose();
    }

    /// <summary>Points around three corners, not easily told apart.</summary>
    public static Dataset Points(int rows, int seed)
    {
        var random = new Random(seed);
        var (points, labels) = (new float[rows, 2], new int[rows]);
        for (var i = 0; i < rows; i++)
        {
            labels[i] = i % 3;
            points[i, 0] = (labels[i] == 1 ? 1 : 0) + (2 * (float)(random.NextDouble() - 0.5));
            points[i, 1] = (labels[i] == 2 ? 1 : 0) + (2 * (float)(random.NextDouble() - 0.5));
        }
        return Dataset.FromArrays(points, labels);
    }
}
