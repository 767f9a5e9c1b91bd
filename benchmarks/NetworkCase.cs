using System.Diagnostics;
using ExBurn.Models.Zoo;

namespace ExBurn.Benchmarks;

/// <summary>A network of usual size with one batch: ResNet-18, an LSTM, a transformer encoder. peer_torch_networks.py has the same ones.</summary>
internal sealed class NetworkCase : IDisposable
{
    /// <summary>Name, what it is, rounds.</summary>
    public static readonly (string Name, string What, int Rounds)[] All =
    [
        ("resnet18-224", "ResNet-18, 8 x 3 x 224 x 224", 7),
        ("resnet18-32", "ResNet-18, 32 x 3 x 32 x 32", 15),
        ("lstm", "LSTM of 2 layers, 32 x 64 x 128", 31),
        ("encoder", "TransformerEncoder of 4 layers, 16 x 64 x 256", 15),
    ];

    private readonly Model _model;
    private readonly Trainer _trainer;
    private readonly float[] _inputs;
    private readonly long[] _targets;
    private readonly float[] _outputs;
    private readonly Shape _shape;

    private NetworkCase(Model model, int[] shape, int classes)
    {
        var random = new Random(1);
        _model = model;
        _shape = shape;
        _inputs = [.. Enumerable.Range(0, shape.Aggregate((a, b) => a * b)).Select(_ => random.NextSingle())];
        _targets = [.. Enumerable.Range(0, shape[0]).Select(_ => random.NextInt64(classes))];
        _outputs = new float[shape[0] * classes];
        model.Compile(new SGD(1e-3) { Momentum = 0.9 }, Loss.CrossEntropy(), inputShape: shape[1..], seed: 1);
        _trainer = new Trainer(model);
    }

    public long Parameters => _model.Info().Parameters;

    public static NetworkCase Create(string name) => name switch
    {
        "resnet18-224" => new(ResNet.ResNet18(), [8, 3, 224, 224], 1000),
        "resnet18-32" => new(ResNet.ResNet18(10), [32, 3, 32, 32], 10),
        "lstm" => new(Last(new LSTM(128, 128) { Layers = 2, BatchFirst = true }, 64, 128), [32, 64, 128], 10),
        "encoder" => new(Mean(new TransformerEncoder(256, 8, 4) { FeedForwardSize = 1024, Dropout = 0, BatchFirst = true }, 64, 256), [16, 64, 256], 10),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };

    /// <summary>Milliseconds of one forward pass without gradients.</summary>
    public double Forward()
    {
        var start = Stopwatch.GetTimestamp();
        _model.Predict(new TensorView(_inputs, _shape), _outputs);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    /// <summary>Milliseconds of one training step.</summary>
    public double Step()
    {
        var start = Stopwatch.GetTimestamp();
        _trainer.TrainStep(new TensorView(_inputs, _shape), new TensorView(_targets, [_targets.Length]));
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    /// <summary>Where the time of a training step goes.</summary>
    public StepProfile Profile() => _trainer.ProfileStep(new TensorView(_inputs, _shape), new TensorView(_targets, [_targets.Length]));

    public void Dispose() => _model.Dispose();

    private static GraphModel Last(LSTM layer, int length, int width)
    {
        var g = new Graph();
        return g.Build(g.Input("x", length, width).Apply(layer).Select(1, -1).Apply(new Linear(128, 10)));
    }

    private static GraphModel Mean(TransformerEncoder layer, int length, int width)
    {
        var g = new Graph();
        return g.Build(g.Input("x", length, width).Apply(layer).Mean(1).Apply(new Linear(256, 10)));
    }
}
