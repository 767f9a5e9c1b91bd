namespace ExBurn;

/// <summary>
/// Images and labels in managed memory, as bytes. <see cref="ToDataset"/> turns them into what a model trains on.
/// Instances do not change and may be read by many threads.
/// </summary>
public sealed class MnistDataset
{
    private readonly byte[] _images;
    private readonly byte[] _labels;

    private MnistDataset(byte[] images, byte[] labels, int rows, int columns)
    {
        _images = images;
        _labels = labels;
        Rows = rows;
        Columns = columns;
    }

    /// <summary>Number of images.</summary>
    public int Count => _labels.Length;

    /// <summary>Height of an image in pixels.</summary>
    public int Rows { get; }

    /// <summary>Width of an image in pixels.</summary>
    public int Columns { get; }

    /// <summary>All pixels, image after image, row-major; 0 is background, 255 ink.</summary>
    public ReadOnlySpan<byte> Images => _images;

    /// <summary>All labels, 0 to 9.</summary>
    public ReadOnlySpan<byte> Labels => _labels;

    /// <summary>Reads one pair of files and checks them against each other.</summary>
    /// <param name="imagesPath">idx file of unsigned bytes, rank 3: count, rows, columns. Plain or gzip.</param>
    /// <param name="labelsPath">idx file of unsigned bytes, rank 1: count. Plain or gzip.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="DataFormatException">A file is truncated, foreign, or the two do not agree.</exception>
    public static MnistDataset Read(string imagesPath, string labelsPath)
    {
        var images = IdxFile.Read(imagesPath);
        RequireBytes(images, rank: 3, what: "images");
        if (images.Shape[1] != Mnist.Side || images.Shape[2] != Mnist.Side)
        {
            throw new DataFormatException(
                imagesPath, "image size", $"{Mnist.Side} x {Mnist.Side}", $"{images.Shape[1]} x {images.Shape[2]}");
        }

        var labels = IdxFile.Read(labelsPath);
        RequireBytes(labels, rank: 1, what: "labels");
        if (labels.Shape[0] != images.Shape[0])
        {
            throw new DataFormatException(
                labelsPath, "number of labels", $"{images.Shape[0]}, as many as images in '{imagesPath}'", $"{labels.Shape[0]}");
        }

        var values = labels.Bytes;
        for (var i = 0; i < values.Length; i++)
        {
            if (values[i] >= Mnist.Classes)
            {
                throw new DataFormatException(labelsPath, $"label {i}", $"0 to {Mnist.Classes - 1}", $"{values[i]}");
            }
        }

        return new MnistDataset(images.Bytes.ToArray(), values.ToArray(), (int)images.Shape[1], (int)images.Shape[2]);
    }

    /// <summary>Pixels of one image, row-major.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    public ReadOnlySpan<byte> Image(int index)
    {
        CheckIndex(index);
        var size = Rows * Columns;
        return _images.AsSpan(index * size, size);
    }

    /// <summary>Label of one image, 0 to 9.</summary>
    /// <param name="index">0 to <see cref="Count"/> - 1.</param>
    public int Label(int index)
    {
        CheckIndex(index);
        return _labels[index];
    }

    /// <summary>The first images, in order.</summary>
    /// <param name="count">How many, 0 to <see cref="Count"/>.</param>
    public MnistDataset Take(int count)
    {
        if (count < 0 || count > Count)
        {
            throw new ArgumentOutOfRangeException(nameof(count), count, $"The set has {Count} images.");
        }

        return new MnistDataset(
            _images.AsSpan(0, count * Rows * Columns).ToArray(), _labels.AsSpan(0, count).ToArray(), Rows, Columns);
    }

    /// <summary>Shape of the input of <see cref="ToDataset"/> and <see cref="ToInputs"/>: [count, 784] or [count, 1, 28, 28].</summary>
    /// <param name="layout">Flat rows or images with one channel.</param>
    public Shape InputShape(MnistLayout layout) => layout switch
    {
        MnistLayout.Flat => [Count, Rows * Columns],
        MnistLayout.Image => [Count, 1, Rows, Columns],
        _ => throw new ArgumentOutOfRangeException(nameof(layout), layout, "Flat or Image."),
    };

    /// <summary>All images as numbers: (pixel / 255 - mean) / deviation.</summary>
    /// <param name="mean">Subtracted from pixels scaled to [0, 1]; 0 by default.</param>
    /// <param name="deviation">Divides after that; 1 by default, so that values stay in [0, 1].</param>
    public float[] ToInputs(float mean = 0, float deviation = 1)
    {
        if (!(deviation > 0))
        {
            throw new ArgumentOutOfRangeException(nameof(deviation), deviation, "A positive number.");
        }

        // 256 possible values: a table gives the same numbers at the cost of a look-up.
        var table = new float[256];
        for (var pixel = 0; pixel < table.Length; pixel++)
        {
            table[pixel] = ((pixel / 255f) - mean) / deviation;
        }

        var values = new float[_images.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = table[_images[i]];
        }

        return values;
    }

    /// <summary>All labels as class indices, as <see cref="Loss.CrossEntropy"/> takes them.</summary>
    public long[] ToTargets()
    {
        var values = new long[_labels.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = _labels[i];
        }

        return values;
    }

    /// <summary>Copies the set into native memory for training: float inputs and 64-bit class indices.</summary>
    /// <param name="layout">Flat rows for dense networks, or images with one channel for convolutions.</param>
    /// <param name="mean">Subtracted from pixels scaled to [0, 1]; 0 by default, <see cref="Mnist.Mean"/> to standardise.</param>
    /// <param name="deviation">Divides after that; 1 by default, <see cref="Mnist.StandardDeviation"/> to standardise.</param>
    /// <returns>A data set that the caller disposes.</returns>
    public Dataset ToDataset(MnistLayout layout = MnistLayout.Flat, float mean = 0, float deviation = 1)
    {
        return Dataset.FromArrays(new TensorView(ToInputs(mean, deviation), InputShape(layout)), ToTargets());
    }

    private static void RequireBytes(IdxFile file, int rank, string what)
    {
        if (file.ElementType != IdxElementType.UInt8 || file.Shape.Rank != rank)
        {
            throw new DataFormatException(
                file.Name, $"array of {what}", $"UInt8 of rank {rank}", $"{file.ElementType} of rank {file.Shape.Rank}");
        }
    }

    private void CheckIndex(int index)
    {
        if (index < 0 || index >= Count)
        {
            throw new ArgumentOutOfRangeException(nameof(index), index, $"The set has {Count} images.");
        }
    }
}
