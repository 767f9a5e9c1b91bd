using System.Globalization;

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
        var rows = File.ReadLines(csv).Skip(1).Select(line => line.Split(',')).ToArray();
        var speeds = Array.ConvertAll(rows, row => float.Parse(row[0], CultureInfo.InvariantCulture));
        var distances = Array.ConvertAll(rows, row => float.Parse(row[1], CultureInfo.InvariantCulture));

        // Networks learn best from numbers around 0; the same scale then serves every speed that is asked about.
        var (x, y) = (Scale.Of(speeds), Scale.Of(distances));
        using var data = Dataset.FromArrays(Column(speeds, x), Column(distances, y));

        using var model = new Sequential(new Linear(1, 16), new Tanh(), new Linear(16, 1));
        model.Compile(
            new Adam(0.01) { WeightDecay = 1e-3 }, Loss.MeanSquaredError(), metrics: [Metric.R2()], inputShape: [1], seed: 1);
        var trainer = new Trainer(model);
        var history = trainer.Fit(data, new FitOptions { Epochs = 300, BatchSize = 10, Schedule = new CosineAnnealing() });
        var result = trainer.Evaluate(data);

        float Predict(float speed) => y.Restore(model.Predict([x.Apply(speed)])[0]);
        var error = Math.Sqrt(speeds.Zip(distances, (speed, distance) => Math.Pow(distance - Predict(speed), 2)).Average());
        var (intercept, slope) = LeastSquares(speeds, distances);
        var lineError = Math.Sqrt(speeds.Zip(distances, (speed, distance) => Math.Pow(distance - intercept - (slope * speed), 2)).Average());

        output.WriteLine($"{speeds.Length} measurements, {history.Epochs.Count} epochs in {history.Duration.TotalSeconds:F1} s");
        output.WriteLine(FormattableString.Invariant($"network: R2 {result.Metrics["r2"]:F3}, error {error:F2} ft"));
        output.WriteLine(FormattableString.Invariant($"line:    distance = {intercept:F4} + {slope:F4} speed, error {lineError:F2} ft"));
        foreach (var speed in (float[])[5, 10, 15, 20, 25])
            output.WriteLine(FormattableString.Invariant($"{speed,3} mph: network {Predict(speed),5:F1} ft, line {intercept + (slope * speed),5:F1} ft"));
        return new(result.Metrics["r2"], error, lineError, Predict(5), Predict(15), Predict(25));
    }

    private static float[,] Column(float[] values, Scale scale)
    {
        var column = new float[values.Length, 1];
        for (var i = 0; i < values.Length; i++)
            column[i, 0] = scale.Apply(values[i]);
        return column;
    }

    private static (double Intercept, double Slope) LeastSquares(float[] x, float[] y)
    {
        double mx = x.Average(), my = y.Average();
        var slope = x.Zip(y, (a, b) => (a - mx) * (b - my)).Sum() / x.Sum(a => (a - mx) * (a - mx));
        return (my - (slope * mx), slope);
    }

    private readonly record struct Scale(float Mean, float Deviation)
    {
        public static Scale Of(float[] values)
        {
            var mean = values.Average();
            return new(mean, (float)Math.Sqrt(values.Average(value => (value - mean) * (value - mean))));
        }

        public float Apply(float value) => (value - Mean) / Deviation;

        public float Restore(float scaled) => (scaled * Deviation) + Mean;
    }
}

/// <summary>What the program found. Errors are root mean squares in feet; the others are distances at 5, 15 and 25 mph.</summary>
public sealed record Outcome(double R2, double Error, double LineError, float At5, float At15, float At25);
