namespace ExBurn.Tests.Support;

/// <summary>Where the tests find files. Copies stand beside the test assembly, so a test run needs no checkout.</summary>
internal static class Folders
{
    /// <summary>Reference cases: EXBURN_REFERENCE, by default tests/fixtures/reference.</summary>
    public static string Reference { get; } =
        Environment.GetEnvironmentVariable("EXBURN_REFERENCE") is { Length: > 0 } chosen
            ? Path.GetFullPath(chosen)
            : Path.Combine(AppContext.BaseDirectory, "fixtures", "reference");

    /// <summary>The part of MNIST that is in the repository.</summary>
    public static string MnistSubset { get; } = Path.Combine(AppContext.BaseDirectory, "mnist-subset");

    /// <summary>The checkout: the folder of ExBurnInterop.sln above the test assembly.</summary>
    public static string Repository { get; } = FindRepository();

    private static string FindRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "ExBurnInterop.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"No ExBurnInterop.sln above {AppContext.BaseDirectory}.");
    }
}
