using System.Globalization;
using ExBurn.Tests.Data;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Docs;

/// <summary>The blocks of docs/data.md, word for word.</summary>
[Collection("current directory")]
public sealed class DataGuide
{
    private static readonly float[,] Measured = Table(30);

    [Fact]
    public void Arrays_parts_and_statistics()
    {
        var measurements = Measured;
        int[] species = [.. Enumerable.Range(0, 30).Select(i => i % 3)];
        var (left, right, same) = (new float[4, 2], new float[4, 2], new int[4]);
        float[] confidence = [.. Enumerable.Repeat(0.5f, 30)];

        using var flowers = Dataset.FromArrays(measurements, species);
        using var pairs = Dataset.FromArrays([new(left), new(right)], [new TensorData(same)]);
        PartsOf(flowers, measurements);

        using var oneHot = flowers.OneHot(3);
        IReadOnlyList<long> counts = flowers.ClassCounts();
        double[] balanced = flowers.BalancedClassWeights();
        using var weighted = flowers.WithWeights(confidence);
        Assert.Equal([10, 10, 10], counts);
        Assert.Equal([1.0, 1, 1], balanced);
        Assert.Equal(2, pairs.InputShapes.Count);
        Assert.True(weighted.HasWeights && !oneHot.HasWeights);
    }

    private static void PartsOf(Dataset small, float[,] measurements)
    {
        using var flowers = Dataset.Concat(small, small, small, small);
        using var first = flowers.Take(100);
        using var chosen = flowers.Subset([3, 1, 4]);
        var (train, test) = flowers.Split(0.8, seed: 1, SplitKind.Stratified);
        Dataset[] parts = flowers.RandomSplit([0.7, 0.2, 0.1], seed: 1);
        using var joined = Dataset.Concat(train, test);
        using var halves = flowers.Map(row => new Sample(row.Inputs[0].ToSingles().Select(x => x / 2).ToArray(), row.Targets[0]));

        Normalization normal = train.InputStatistics().Standard();
        using var trainSet = train.Normalize(normal);
        using var testSet = test.Normalize(normal);
        string stored = normal.ToJson();
        TensorData input = Normalization.FromJson(stored).Apply(measurements);

        Assert.Equal((96, 24, 100, 3, 120), (train.Count, test.Count, first.Count, chosen.Count, joined.Count));
        Assert.Equal([84, 24, 12], parts.Select(part => part.Count));
        Assert.Equal(0, trainSet.InputStatistics().Mean[0], 1e-6);
        Assert.Equal(24, testSet.Count);
        Assert.Equal(measurements[1, 0] / 2, halves.GetInput().ToSingles()[2]);
        Assert.Equal(60, input.Shape.ElementCount);
        foreach (var part in parts.Append(train).Append(test))
            part.Dispose();
    }

    [Fact]
    public void Files_streams_and_images()
    {
        using var folder = new TemporaryFolder();
        var before = Directory.GetCurrentDirectory();
        Directory.SetCurrentDirectory(folder.Path);
        try
        {
            File.WriteAllText("flowers.csv", "length,colour,species\n1,red,setosa\n2,blue,other\n,blue,other\n");
            Csv();
            File.WriteAllText("flowers.csv", "length,colour,species\n1,red,setosa\n2,blue,other\n3,blue,other\n");
            Stream();
            foreach (var name in new[] { "cat", "dog" })
            {
                Directory.CreateDirectory(Path.Combine("photos", name));
                for (var i = 0; i < 4; i++)
                    folder.Write($"photos/{name}/{i}.png", ImageBytes.Gray(40, 36, [.. Enumerable.Repeat((byte)(60 * i), 40 * 36)]));
            }
            Images();
        }
        finally
        {
            Directory.SetCurrentDirectory(before);
        }
    }

    private static void Csv()
    {
        using var table = CsvFile.Load("flowers.csv", new CsvOptions
        {
            Targets = ["species"],
            TargetsAreClasses = true,
            OneHot = ["colour"],
            Missing = MissingValues.Mean,
        });
        Console.WriteLine(string.Join(", ", table.InputNames));
        Assert.Equal([1, 0, 1, 2, 1, 0, 1.5f, 1, 0], table.Data.GetInput().ToSingles());

        var options = new FitOptions
        {
            Epochs = 2,
            BatchSize = 16,
            Sampler = Sampler.Balanced(),
            Mixing = new Mixing { Mixup = 0.2 },
        };
        using var model = new Sequential(new Linear(3, 2));
        model.Compile(new Adam(0.01), Loss.CrossEntropy());
        Assert.Equal(2, new Trainer(model).Fit(table.Data, options).Epochs.Count);
    }

    private static void Stream()
    {
        IEnumerable<Sample> Rows()
        {
            foreach (var record in CsvFile.ReadRecords("flowers.csv").Skip(1))
                yield return new Sample(new[] { float.Parse(record[0], CultureInfo.InvariantCulture) }, record[2] == "setosa" ? 1 : 0);
        }
        using var model = new Sequential(new Linear(1, 2));
        model.Compile(new Adam(0.01), Loss.CrossEntropy());
        var trainer = new Trainer(model);

        var stream = DataStream.FromSamples(Rows()).WithShuffle(1000).WithPrefetch(4);
        trainer.Fit(stream, new FitOptions { Epochs = 2, BatchSize = 8 });

        trainer.Fit(stream, new FitOptions { Epochs = 2, BatchSize = 8, ValidationStream = DataStream.FromSamples(Rows()) });

        Assert.Equal(3, trainer.Evaluate(stream).Samples);
    }

    private static void Images()
    {
        using var images = ImageFolder.Load("photos", new ImageOptions
        {
            Transforms =
            [
                new RandomResizedCrop(32),
                new RandomHorizontalFlip(),
                new ColorJitter { Brightness = 0.2, Hue = 0.05 },
                new NormalizeImage(NormalizeImage.ImageNetMean, NormalizeImage.ImageNetStandardDeviation),
            ],
        });
        var (seen, unseen) = images.Data.Split(0.75, seed: 1, SplitKind.Stratified);
        using (seen)
        using (unseen)
        {
            Assert.Equal([3, 3], seen.ClassCounts());
            Assert.Equal("[2, 3, 32, 32]", unseen.InputShapes[0].ToString());
            using var model = new Sequential(new Flatten(), new Linear(3 * 32 * 32, 2));
            model.Compile(new SGD(0.01), Loss.CrossEntropy(), [Metric.Accuracy()]);
            Assert.Single(new Trainer(model).Fit(seen, new() { Validation = unseen }).Epochs);
        }
    }

    private static float[,] Table(int rows)
    {
        var table = new float[rows, 2];
        for (var i = 0; i < rows; i++)
            (table[i, 0], table[i, 1]) = (i, i % 7);
        return table;
    }
}
