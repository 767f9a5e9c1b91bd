namespace ExBurn.Tests.Training;

/// <summary>A small problem that a small model learns: points around three corners.</summary>
internal static class Blobs
{
    public const int Rows = 96;
    public const int Classes = 3;

    public static (float[,] Points, int[] Labels) Arrays(int rows = Rows, int seed = 1)
    {
        var random = new Random(seed);
        var points = new float[rows, 2];
        var labels = new int[rows];
        for (var i = 0; i < rows; i++)
        {
            labels[i] = i % Classes;
            points[i, 0] = (labels[i] == 1 ? 2 : 0) + (float)(random.NextDouble() - 0.5);
            points[i, 1] = (labels[i] == 2 ? 2 : 0) + (float)(random.NextDouble() - 0.5);
        }
        return (points, labels);
    }

    public static Dataset Dataset(int rows = Rows, int seed = 1)
    {
        var (points, labels) = Arrays(rows, seed);
        return ExBurn.Dataset.FromArrays(points, labels);
    }

    /// <summary>A compiled model for the problem.</summary>
    public static Sequential Model(long seed = 7, Optimizer? optimizer = null, params Layer[] inside)
    {
        var model = new Sequential([new Linear(2, 16), new ReLU(), .. inside, new Linear(16, Classes)]);
        model.Compile(optimizer ?? new Adam(0.02), Loss.CrossEntropy(), [Metric.Accuracy()], seed: seed);
        return model;
    }

    public static byte[] State(Model model) => model.ExportState();
}
