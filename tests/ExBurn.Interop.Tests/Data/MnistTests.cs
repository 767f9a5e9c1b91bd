using ExBurn.Tests.Support;

namespace ExBurn.Tests.Data;

public sealed class MnistTests
{
    [Fact]
    public void Reads_the_subset_of_the_repository()
    {
        var (train, test) = Mnist.Load(Folders.MnistSubset);

        Assert.Equal(6000, train.Count);
        Assert.Equal(1000, test.Count);
        Assert.Equal((28, 28), (train.Rows, train.Columns));
        // The first labels of MNIST are known to everybody.
        Assert.Equal([5, 0, 4, 1, 9, 2, 1, 3, 1, 4], train.Labels[..10].ToArray());
        Assert.Equal([7, 2, 1, 0, 4, 1, 4, 9, 5, 9], test.Labels[..10].ToArray());
        Assert.Equal(6000 * 784, train.Images.Length);
        // So is where the first image, a 5, has its first ink: row 5, column 12, value 3.
        Assert.Equal(3, train.Image(0)[(5 * 28) + 12]);
        Assert.Equal(0, train.Image(0)[..((5 * 28) + 12)].ToArray().Max());
        Assert.Equal(5, train.Label(0));
    }

    [Fact]
    public void Scales_pixels_to_one_or_standardises_them()
    {
        var test = Mnist.LoadTest(Folders.MnistSubset).Take(20);
        var raw = test.Images.ToArray();

        Assert.Equal(raw.Select(pixel => pixel / 255f), test.ToInputs());
        Close.Check(
            [.. raw.Select(pixel => ((pixel / 255.0) - 0.1307) / 0.3081)],
            test.ToInputs(Mnist.Mean, Mnist.StandardDeviation), 1e-5, 1e-6, "standardised pixels");
        Assert.Equal(test.Labels.ToArray().Select(label => (long)label), test.ToTargets());
        Assert.Throws<ArgumentOutOfRangeException>(() => test.ToInputs(0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => test.ToInputs(0, float.NaN));
    }

    [Fact]
    public void Lays_images_out_flat_or_with_a_channel()
    {
        var test = Mnist.LoadTest(Folders.MnistSubset).Take(3);
        Assert.Equal<Shape>([3, 784], test.InputShape(MnistLayout.Flat));
        Assert.Equal<Shape>([3, 1, 28, 28], test.InputShape(MnistLayout.Image));
        Assert.Throws<ArgumentOutOfRangeException>(() => test.InputShape((MnistLayout)9));
    }

    [Fact]
    public void Indices_and_counts_out_of_range_are_refused()
    {
        var test = Mnist.LoadTest(Folders.MnistSubset).Take(2);
        Assert.Throws<ArgumentOutOfRangeException>(() => test.Image(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => test.Label(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => test.Take(3));
        Assert.Equal(0, test.Take(0).Count);
    }

    [Fact]
    public void Reads_plain_and_gzip_files_in_one_folder()
    {
        using var folder = Write(IdxBytes.Images(2), IdxBytes.Labels(3, 9));
        folder.Write("t10k-images-idx3-ubyte.gz", IdxBytes.Zip(IdxBytes.Images(1)));
        folder.Write("t10k-labels-idx1-ubyte.gz", IdxBytes.Zip(IdxBytes.Labels(0)));

        var (train, test) = Mnist.Load(folder.Path);

        Assert.Equal([3, 9], train.Labels.ToArray());
        Assert.Equal(1, test.Count);
    }

    [Fact]
    public void A_missing_folder_or_file_is_named()
    {
        using var folder = Write(IdxBytes.Images(1), null);
        Assert.Contains("nowhere", Assert.Throws<DirectoryNotFoundException>(() => Mnist.Load(folder.File("nowhere"))).Message, StringComparison.Ordinal);
        Assert.Contains("train-labels-idx1-ubyte", Assert.Throws<FileNotFoundException>(() => Mnist.LoadTrain(folder.Path)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => Mnist.Load(null!));
    }

    public static TheoryData<string, byte[], byte[]> Disagreeing => new()
    {
        { "array of images", IdxBytes.Labels(1), IdxBytes.Labels(1) },
        { "array of images", IdxBytes.Make(0x0D, [0, 28, 28], []), IdxBytes.Labels() },
        { "array of labels", IdxBytes.Images(1), IdxBytes.Images(1) },
        { "image size", IdxBytes.Images(1, 32, 32), IdxBytes.Labels(1) },
        { "number of labels", IdxBytes.Images(2), IdxBytes.Labels(1) },
        { "number of labels", IdxBytes.Images(2), IdxBytes.Labels(1, 2, 3) },
        { "label 1", IdxBytes.Images(2), IdxBytes.Labels(9, 10) },
        { "elements", IdxBytes.Images(2)[..^1], IdxBytes.Labels(1, 2) },
        { "elements", IdxBytes.Images(2), [.. IdxBytes.Labels(1, 2), 0] },
    };

    [Theory]
    [MemberData(nameof(Disagreeing))]
    public void Files_that_are_not_a_pair_are_errors(string part, byte[] images, byte[] labels)
    {
        using var folder = Write(images, labels);
        var error = Assert.Throws<DataFormatException>(() => Mnist.LoadTrain(folder.Path));
        Assert.Equal(part, error.Part);
        Assert.Contains(folder.Path, error.Message, StringComparison.Ordinal);
    }

    private static TemporaryFolder Write(byte[] images, byte[]? labels)
    {
        var folder = new TemporaryFolder();
        folder.Write("train-images-idx3-ubyte", images);
        if (labels is not null)
            folder.Write("train-labels-idx1-ubyte", labels);
        return folder;
    }
}
