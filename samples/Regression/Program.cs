namespace ExBurn.Samples.Regression;

/// <summary>Learns from 50 measurements how far a car goes before it stops, and compares with the least squares line.</summary>
public static class Program
{
    private static int Main()
    {
        Run(Path.Combine(AppContext.BaseDirectory, "stopping-distances", "stopping-distances.csv"), Console.Out);
        return 0;
    }

    /// <summary>Trains, prints what it found and gives it.</summary>
    public static Outcome Run(string csv, TextWriter output)
    {
        using var table = CsvFile.Load(csv, new CsvOptions { Targets = ["distance_ft"] });
        var rows = table.Data;

        // Networks learn best from numbers around 0; the same scales then serve every speed that is asked about.
        var (speedScale, distanceScale) = (rows.InputStatistics().Standard(), rows.TargetStatistics().Standard());
        using var scaledInputs = rows.Normalize(speedScale);
        using var data = scaledInputs.NormalizeTarget(distanceScale);

        using var model = new Sequential(new Linear(1, 16), new Tanh(), new Linear(16, 1));
        model.Compile(
            new Adam(0.01) { WeightDecay = 1e-3 }, Loss.MeanSquaredError(), metrics: [Metric.R2()], inputShape: [1], seed: 1);
        var trainer = new Trainer(model);
        var history = trainer.Fit(data, new FitOptions { Epochs = 300, BatchSize = 10, Schedule = new CosineAnnealing() });
        var result = trainer.Evaluate(data);

        float[] Predict(TensorView speeds) => distanceScale.Inverse().Apply(model.Predict(speedScale.Apply(speeds))).ToSingles();
        var (speed, distance) = (rows.GetInput().ToSingles(), rows.GetTarget().ToSingles());
        var error = Error(distance, Predict(rows.GetInput()));
        var (intercept, slope) = LeastSquares(speed, distance);
        var lineError = Error(distance, [.. speed.Select(value => (float)(intercept + (slope * value)))]);

        output.WriteLine($"{rows.Count} measurements, {history.Epochs.Count} epochs in {history.Duration.TotalSeconds:F1} s");
        output.WriteLine(FormattableString.Invariant($"network: R2 {result.Metrics["r2"]:F3}, error {error:F2} ft"));
        output.WriteLine(FormattableString.Invariant($"line:    distance = {intercept:F4} + {slope:F4} speed, error {lineError:F2} ft"));
        float[,] asked = { { 5 }, { 10 }, { 15 }, { 20 }, { 25 } };
        var found = Predict(asked);
        for (var i = 0; i < found.Length; i++)
            output.WriteLine(FormattableString.Invariant($"{asked[i, 0],3} mph: network {found[i],5:F1} ft, line {intercept + (slope * asked[i, 0]),5:F1} ft"));
        return new(result.Metrics["r2"], error, lineError, found[0], found[2], found[4]);
    }

    /// <summary>Root mean square.</summary>
    private static double Error(float[] expected, float[] found)
        => Math.Sqrt(expected.Zip(found, (a, b) => Math.Pow(a - b, 2)).Average());

    private static (double Intercept, double Slope) LeastSquares(float[] x, float[] y)
    {
        double mx = x.Average(), my = y.Average();
        var slope = x.Zip(y, (a, b) => (a - mx) * (b - my)).Sum() / x.Sum(a => (a - mx) * (a - mx));
        return (my - (slope * mx), slope);
    }
}

/// <summary>What the program found. Errors are root mean squares in feet; the others are distances at 5, 15 and 25 mph.</summary>
public sealed record Outcome(double R2, double Error, double LineError, float At5, float At15, float At25);
