using ExBurn.Tests.Support;

namespace ExBurn.Tests.Docs;

/// <summary>Runs a test in a folder of its own, because what the documents show writes files beside the program.</summary>
internal static class InOwnFolder
{
    public static void Run(Action<TemporaryFolder> work)
    {
        using var folder = new TemporaryFolder();
        var before = Directory.GetCurrentDirectory();
        Directory.SetCurrentDirectory(folder.Path);
        try
        {
            work(folder);
        }
        finally
        {
            Directory.SetCurrentDirectory(before);
        }
    }

    /// <summary>Rows of 784 numbers in ten classes, one bright band per class.</summary>
    public static (float[,] Images, long[] Labels) Digits(int rows = 64)
    {
        var random = new Random(3);
        var (images, labels) = (new float[rows, 784], new long[rows]);
        for (var i = 0; i < rows; i++)
        {
            labels[i] = i % 10;
            for (var j = 0; j < 784; j++)
                images[i, j] = (j / 78 == labels[i] ? 1 : 0) + (0.2f * (float)random.NextDouble());
        }
        return (images, labels);
    }
}
