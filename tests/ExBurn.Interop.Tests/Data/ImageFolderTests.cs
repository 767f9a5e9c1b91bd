using ExBurn.Tests.Support;

namespace ExBurn.Tests.Data;

public sealed class ImageFolderTests
{
    private static readonly ImageOptions Gray = new() { Color = ImageColor.Gray };

    /// <summary>Two classes: "dark" with 3 images, "light" with 2, of 4 x 4 pixels.</summary>
    private static TemporaryFolder Folder()
    {
        var folder = new TemporaryFolder();
        Write("light/b.PNG", 250);
        Write("light/a.png", 240);
        Write("dark/2.png", 20);
        Write("dark/1.png", 10);
        Write("dark/more/3.png", 30);
        File.WriteAllText(folder.File("dark/notes.txt"), "no image");
        return folder;

        void Write(string name, byte value)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder.File(name))!);
            folder.Write(name, ImageBytes.Gray(4, 4, [.. Enumerable.Repeat(value, 16)]));
        }
    }

    [Fact]
    public void Subfolders_are_classes()
    {
        using var folder = Folder();
        using var images = ImageFolder.Load(folder.Path, Gray);
        Assert.Equal(["dark", "light"], images.ClassNames);
        Assert.Equal("5 rows, inputs [5, 1, 4, 4], targets [5]", images.Data.ToString());
        Assert.Equal([0, 0, 0, 1, 1], images.Data.GetTarget().AsSpan<int>().ToArray());
        Assert.Equal([10, 20, 30, 240, 250], images.Data.GetInput().ToSingles().Where((_, i) => i % 16 == 0).Select(x => (int)Math.Round(x * 255)));
        Assert.Equal("1.png", Path.GetFileName(images.Files[0]));
        Assert.Equal([3, 2], images.Data.ClassCounts());
        using var held = images.Data.InMemory();
        Assert.Equal(images.Data.GetInput().ToSingles(), held.GetInput().ToSingles());
        using var twice = Dataset.Concat(images.Data, images.Data);
        using var part = twice.Subset([9, 0]);
        Assert.Equal([250, 10], part.GetInput().ToSingles().Where((_, i) => i % 16 == 0).Select(x => (int)Math.Round(x * 255)));
        Assert.Equal(110 / 255.0, images.Data.InputStatistics(0, StatisticsGrouping.PerChannel).Mean[0], 1e-6);
        Assert.Throws<ExBurnException>(() => images.Data.Normalize(new(StatisticsGrouping.All, [0.0], [1.0])));
    }

    [Fact]
    public void A_model_trains_on_files_as_on_memory_to_the_last_bit()
    {
        using var folder = Folder();
        using var images = ImageFolder.Load(folder.Path, Gray with { Transforms = [new Resize(3)] });
        using var memory = images.Data.InMemory();
        byte[] Run(Dataset data)
        {
            using var model = Model();
            new Trainer(model).Fit(data, new() { Epochs = 3, BatchSize = 2, Validation = data });
            return model.ExportState();
        }
        Assert.Equal(Run(memory), Run(images.Data));
    }

    [Fact]
    public void Augmented_runs_repeat_and_epochs_differ()
    {
        using var folder = Folder();
        using var images = ImageFolder.Load(folder.Path, Gray with { Transforms = [new RandomCrop(3) { Padding = 1 }, new RandomNoise()] });
        byte[] Run(long seed, int epochs)
        {
            using var model = Model();
            for (var epoch = 0; epoch < epochs; epoch++)
                new Trainer(model).Fit(images.Data, new() { BatchSize = 2, Shuffle = false, Seed = seed });
            return model.ExportState();
        }
        Assert.Equal(Run(1, 2), Run(1, 2));
        Assert.NotEqual(Run(1, 2), Run(2, 2));
        Assert.Equal(images.Data.GetInput().ToSingles(), images.Data.GetInput().ToSingles());
    }

    [Fact]
    public void A_damaged_file_ends_the_run_and_is_named_or_skipped()
    {
        using var folder = Folder();
        folder.Write("dark/2.png", "broken"u8.ToArray());
        using var images = ImageFolder.Load(folder.Path, Gray);
        using var model = Model(4);
        var error = Assert.Throws<ExBurnException>(() => new Trainer(model).Fit(images.Data, new() { BatchSize = 2 }));
        Assert.Equal(ErrorCode.Format, error.ErrorCode);
        Assert.Contains("2.png", error.Message, StringComparison.Ordinal);
        Assert.Throws<ExBurnException>(() => new Trainer(model).Evaluate(images.Data));

        using var sound = ImageFolder.Load(folder.Path, Gray with { SkipUnreadable = true });
        Assert.Equal(4, sound.Data.Count);
        var (file, reason) = Assert.Single(sound.Skipped);
        Assert.EndsWith("2.png", file, StringComparison.Ordinal);
        Assert.Contains("neither a PNG nor a JPEG", reason, StringComparison.Ordinal);
        Assert.Equal([0, 0, 1, 1], sound.Data.GetTarget().AsSpan<int>().ToArray());
        new Trainer(model).Fit(sound.Data);
    }

    [Fact]
    public void Sizes_that_differ_and_empty_folders_are_errors()
    {
        using var folder = Folder();
        folder.Write("light/c.png", ImageBytes.Gray(2, 4, new byte[8]));
        using (var images = ImageFolder.Load(folder.Path, Gray))
        {
            var error = Assert.Throws<ShapeMismatchException>(() => images.Data.GetInput());
            Assert.Contains("c.png", error.Message, StringComparison.Ordinal);
        }
        Directory.CreateDirectory(folder.File("none"));
        Assert.Contains("none", Assert.Throws<DataFormatException>(() => ImageFolder.Load(folder.Path)).Message, StringComparison.Ordinal);
        using var empty = new TemporaryFolder();
        Assert.Throws<DataFormatException>(() => ImageFolder.Load(empty.Path));
        Assert.Throws<DirectoryNotFoundException>(() => ImageFolder.Load(empty.File("nowhere")));
        Assert.Throws<ArgumentException>(() => ImageFolder.FromFiles([], []));
        Assert.Throws<ArgumentException>(() => ImageFolder.FromFiles(["a.png"], [0, 1]));
    }

    [Fact]
    public void Mixing_blends_inputs_and_classes()
    {
        // Inputs are one-hot themselves, so the sum of each row is 1 whatever the share; a linear model with cross-entropy learns the classes from blends.
        var (points, labels) = Training.Blobs.Arrays(60);
        using var data = Dataset.FromArrays(points, labels);
        using var model = Training.Blobs.Model();
        var history = new Trainer(model).Fit(data, new() { Epochs = 30, BatchSize = 12, Mixing = new() { Mixup = 0.3 } });
        Assert.True(history.Losses.Last() < history.Losses.First());
        Assert.True(new Trainer(model).Evaluate(data).Accuracy > 0.9);
        byte[] Run(Mixing? mixing)
        {
            using var other = Training.Blobs.Model();
            new Trainer(other).Fit(data, new() { Mixing = mixing });
            return other.ExportState();
        }
        Assert.Equal(Run(new() { Mixup = 0.3 }), Run(new() { Mixup = 0.3 }));
        Assert.NotEqual(Run(null), Run(new() { Mixup = 0.3 }));
        Assert.Throws<ArgumentException>(() => Run(new()));
        Assert.Throws<ShapeMismatchException>(() => Run(new() { CutMix = 1 }));
        Assert.Throws<ArgumentException>(() => Run(new() { Mixup = 1, Classes = 2 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Mixing { Mixup = 0 });

        using var folder = Folder();
        using var images = ImageFolder.Load(folder.Path, Gray with { Transforms = [new Resize(3)] });
        using var small = Model();
        Assert.Single(new Trainer(small).Fit(images.Data, new() { Mixing = new() { Mixup = 1, CutMix = 1 }, BatchSize = 2 }).Epochs);
    }

    private static Sequential Model(int side = 3)
    {
        var model = new Sequential(new Flatten(), new Linear(side * side, 2));
        model.Compile(new SGD(0.1), Loss.CrossEntropy(), [Metric.Accuracy()], seed: 1, inputShape: [1, side, side]);
        return model;
    }
}
