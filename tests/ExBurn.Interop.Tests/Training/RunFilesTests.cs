using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Training;

/// <summary>What runs leave on disk and as text: checkpoints, CSV, JSON, SVG; and the callbacks that change the rate.</summary>
public sealed class RunFilesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Sequential _model = Blobs.Model();
    private readonly Dataset _train = Blobs.Dataset();

    public void Dispose()
    {
        _model.Dispose();
        _train.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Checkpoints_come_every_so_many_epochs_and_hold_their_epochs_weights()
    {
        var states = new Dictionary<int, byte[]>();
        var checkpoint = new Checkpoint(_folder.File("a/b"), every: 2);
        Fit(new() { Epochs = 5, Callbacks = [checkpoint, new AtEpochEnd((context, epoch) => states[epoch.Epoch] = context.Model.ExportState())] });
        Assert.Equal(["epoch-0002.safetensors", "epoch-0004.safetensors"], Names("a/b"));
        Assert.Equal(checkpoint.PathOf(4), checkpoint.LastPath);
        _model.Load(checkpoint.PathOf(2));
        Assert.Equal(states[2], Blobs.State(_model));
    }

    [Fact]
    public void Only_the_last_checkpoints_and_the_best_are_kept()
    {
        // After epoch 3 the weights stay, and an equal loss is not a better one.
        byte[] best = [];
        var checkpoint = new Checkpoint(_folder.Path, keepBest: true, keepLast: 2);
        var history = Fit(new()
        {
            Epochs = 6,
            Validation = _train,
            Callbacks = [new AtEpochEnd((context, epoch) =>
            {
                if (epoch.Epoch != 3)
                    return;
                best = context.Model.ExportState();
                context.LearningRate = 0;
            }), checkpoint],
        });
        Assert.Equal(["best.safetensors", "epoch-0005.safetensors", "epoch-0006.safetensors"], Names(""));
        Assert.Equal(3, checkpoint.BestEpoch);
        Assert.Equal(history.ValidationLosses.Min(), checkpoint.Best);
        _model.Load(checkpoint.BestPath);
        Assert.Equal(best, Blobs.State(_model));
    }

    [Fact]
    public void A_checkpoint_of_the_best_needs_what_it_watches()
    {
        Assert.Throws<InvalidOperationException>(() => Fit(new() { Callbacks = [new Checkpoint(_folder.Path, 0, true, monitor: Monitored.ValidationLoss)] }));
        Fit(new() { Epochs = 2, Callbacks = [new Checkpoint(_folder.Path, every: 0, keepBest: true)] });
        Assert.Equal(["best.safetensors"], Names(""));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Checkpoint("x", -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Checkpoint("x", keepLast: 0));
    }

    [Fact]
    public void A_CSV_log_grows_with_the_run_and_is_what_the_history_says()
    {
        var path = _folder.File("logs/run.csv");
        var lines = new List<int>();
        var history = Fit(new() { Epochs = 3, Validation = _train, Callbacks = [new CsvLog(path), new AtEpochEnd((_, _) => lines.Add(File.ReadAllLines(path).Length))] });
        Assert.Equal([2, 3, 4], lines);
        Assert.Equal(history.ToCsv(), File.ReadAllText(path));
        var rows = File.ReadAllLines(path).Select(line => line.Split(',')).ToArray();
        Assert.Equal("epoch,loss,accuracy,validation_loss,validation_accuracy,learning_rate,gradient_norm,samples,steps,seconds", string.Join(',', rows[0]));
        Assert.Equal(history.Losses, rows.Skip(1).Select(row => double.Parse(row[1], CultureInfo.InvariantCulture)));

        Fit(new() { Validation = _train, Callbacks = [new CsvLog(path, append: true)] });
        Assert.Equal(5, File.ReadAllLines(path).Length);
        Fit(new() { Callbacks = [new CsvLog(path)] });
        Assert.Equal(2, File.ReadAllLines(path).Length);
    }

    [Fact]
    public void A_history_is_JSON()
    {
        var history = Fit(new() { Epochs = 2 });
        using var document = JsonDocument.Parse(history.ToJson());
        Assert.Equal("Completed", document.RootElement.GetProperty("stop_reason").GetString());
        var epochs = document.RootElement.GetProperty("epochs").EnumerateArray().ToArray();
        Assert.Equal(history.Losses, epochs.Select(epoch => epoch.GetProperty("loss").GetDouble()));
        Assert.Equal(JsonValueKind.Null, epochs[0].GetProperty("gradient_norm").ValueKind);
        Assert.Equal("", Fit(new() { Epochs = 0 }).ToCsv());
    }

    [Fact]
    public void A_history_is_a_picture()
    {
        var svg = XDocument.Parse(Fit(new() { Epochs = 4, Validation = _train }).ToSvg(400, 300));
        XNamespace ns = "http://www.w3.org/2000/svg";
        var lines = svg.Descendants(ns + "polyline").ToArray();
        Assert.Equal(2, lines.Length);
        var points = lines[0].Attribute("points")!.Value.Split(' ').Select(point => point.Split(',').Select(number => double.Parse(number, CultureInfo.InvariantCulture)).ToArray()).ToArray();
        Assert.Equal(4, points.Length);
        Assert.All(points, point => Assert.True(point[0] is >= 0 and <= 400 && point[1] is >= 0 and <= 300));
        Assert.True(points[3][1] > points[0][1], "a falling loss runs down the picture");
        Assert.NotNull(XDocument.Parse(Fit(new() { Epochs = 0 }).ToSvg()).Root);
        Assert.Throws<ArgumentOutOfRangeException>(() => Fit(new() { Epochs = 0 }).ToSvg(10));
    }

    [Fact]
    public void A_warm_up_raises_the_rate_before_each_epoch()
    {
        // notes/exburn.md 4.3: (5, 1e-4, 1e-3) sets 2.8e-4 4.6e-4 6.4e-4 8.2e-4 1e-3 for the epochs after the first.
        var history = Fit(new() { Epochs = 8, Callbacks = [new WarmupCallback(5, 1e-4, 1e-3)] });
        Close.Check([1e-4, 2.8e-4, 4.6e-4, 6.4e-4, 8.2e-4, 1e-3, 1e-3, 1e-3], history.Epochs.Select(epoch => epoch.LearningRate).ToArray(), 1e-12, 0, "rates");
        Assert.Equal([0, 0.0005], Fit(new() { Epochs = 2, Callbacks = [new WarmupCallback(2)] }).Epochs.Select(epoch => epoch.LearningRate));
    }

    [Fact]
    public void A_plateau_lowers_the_rate_beside_a_schedule()
    {
        var never = new ReduceOnPlateau(0.5, patience: 1) { Threshold = 1 };
        Assert.Equal([0.02, 0.02, 0.02, 0.01], Fit(new() { Epochs = 4, Callbacks = [new ReduceOnPlateauCallback(never)] }).Epochs.Select(epoch => epoch.LearningRate));
        new Trainer(_model).LearningRate = 0.02;
        var history = Fit(new() { Epochs = 4, Schedule = new StepDecay(2, 0.1), Callbacks = [new ReduceOnPlateauCallback(never)] });
        Close.Check([0.02, 0.02, 0.002, 0.001], history.Epochs.Select(epoch => epoch.LearningRate).ToArray(), 1e-12, 0, "rates");
    }

    private History Fit(FitOptions options) => new Trainer(_model).Fit(_train, options);

    private string[] Names(string folder) => [.. Directory.GetFiles(_folder.File(folder)).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private sealed class AtEpochEnd(Action<TrainingContext, EpochResult> act) : Callback
    {
        public override void OnEpochEnd(TrainingContext context, EpochResult epoch) => act(context, epoch);
    }
}
