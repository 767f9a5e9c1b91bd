namespace ExBurn;

/// <summary>
/// Reads MNIST and the data sets that copy its format (Fashion-MNIST, KMNIST): idx files of 28 x 28 grey images and labels 0 to 9.
/// </summary>
public static class Mnist
{
    /// <summary>Mean of the training pixels of MNIST, scaled to [0, 1].</summary>
    public const float Mean = 0.1307f;

    /// <summary>Standard deviation of the training pixels of MNIST, scaled to [0, 1].</summary>
    public const float StandardDeviation = 0.3081f;

    /// <summary>Height and width of an image in pixels.</summary>
    public const int Side = 28;

    /// <summary>Number of classes.</summary>
    public const int Classes = 10;

    /// <summary>
    /// Reads both sets from the four files of a folder, each plain or with ".gz" after its name:
    /// train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte.
    /// </summary>
    /// <param name="directory">Folder of the files.</param>
    /// <returns>The training and the test set.</returns>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="FileNotFoundException">A file is missing; the message names it and the folder.</exception>
    /// <exception cref="DataFormatException">A file is truncated, foreign, or does not agree with its partner.</exception>
    public static (MnistDataset Train, MnistDataset Test) Load(string directory)
    {
        return (LoadTrain(directory), LoadTest(directory));
    }

    /// <summary>Reads the training set only; see <see cref="Load"/>.</summary>
    /// <param name="directory">Folder of the files.</param>
    public static MnistDataset LoadTrain(string directory) => LoadPart(directory, "train");

    /// <summary>Reads the test set only; see <see cref="Load"/>.</summary>
    /// <param name="directory">Folder of the files.</param>
    public static MnistDataset LoadTest(string directory) => LoadPart(directory, "t10k");

    private static MnistDataset LoadPart(string directory, string part)
    {
        Check.NotNull(directory, nameof(directory));
        if (!Directory.Exists(directory))
        {
            throw new DirectoryNotFoundException($"There is no folder '{directory}' to read MNIST from.");
        }

        return MnistDataset.Read(Find(directory, part + "-images-idx3-ubyte"), Find(directory, part + "-labels-idx1-ubyte"));
    }

    private static string Find(string directory, string name)
    {
        var plain = Path.Combine(directory, name);
        if (File.Exists(plain))
        {
            return plain;
        }

        var zipped = plain + ".gz";
        return File.Exists(zipped)
            ? zipped
            : throw new FileNotFoundException($"MNIST file '{name}' (or '{name}.gz') is not in '{directory}'.", plain);
    }
}
