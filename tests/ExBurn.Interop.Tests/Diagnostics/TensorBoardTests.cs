using System.Text;
using ExBurn.Tests.Support;
using ExBurn.Tests.Training;

namespace ExBurn.Tests.Diagnostics;

public sealed class TensorBoardTests
{
    [Fact]
    public void The_check_sum_is_CRC_32C()
    {
        // The check value of the CRC catalogue, for both computations.
        Assert.Equal(0xE3069283u, Crc32C.Of(Encoding.ASCII.GetBytes("123456789")));
        Assert.Equal(0xE3069283u, EventFile.Crc(Encoding.ASCII.GetBytes("123456789")));
    }

    [Fact]
    public void Scalars_are_read_back()
    {
        using var folder = new TemporaryFolder();
        var writer = new TensorBoardWriter(folder.File("run"));
        writer.AddScalar("a/ü", 1.5, 3);
        writer.AddScalar("b", double.NaN, 5_000_000_000);
        Assert.Single(EventFile.Read(writer.FilePath));
        writer.Flush();
        writer.AddScalar("c", -0.25, -1);
        writer.Flush();
        var events = EventFile.Read(writer.FilePath);
        Assert.Equal("brain.Event:2", events[0].FileVersion);
        Assert.Equal([(3L, "a/ü", 1.5f), (5_000_000_000, "b", float.NaN), (-1, "c", -0.25f)],
            events.Skip(1).Select(one => (one.Step, one.Scalars.Single().Tag, one.Scalars.Single().Value)));
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        Assert.All(events, one => Assert.InRange(one.WallTime, now - 60, now + 60));
        Assert.StartsWith("events.out.tfevents.", Path.GetFileName(writer.FilePath), StringComparison.Ordinal);
        Assert.NotEqual(writer.FilePath, new TensorBoardWriter(folder.File("run")).FilePath);
    }

    [Fact]
    public void The_reader_sees_a_flipped_bit()
    {
        using var folder = new TemporaryFolder();
        var bytes = File.ReadAllBytes(new TensorBoardWriter(folder.Path).FilePath);
        foreach (var at in new[] { 0, 9, 20, bytes.Length - 1 })
        {
            var damaged = (byte[])bytes.Clone();
            damaged[at] ^= 1;
            Assert.ThrowsAny<Exception>(() => EventFile.Parse(damaged));
        }
    }

    [Fact]
    public void A_run_is_written_epoch_by_epoch_and_batch_by_batch()
    {
        using var folder = new TemporaryFolder();
        using var model = Blobs.Model();
        using var train = Blobs.Dataset();
        var log = new TensorBoardLog(folder.Path, batches: true);
        var history = new Trainer(model).Fit(train, new() { Epochs = 2, BatchSize = 40, Validation = train, Callbacks = [log] });
        var events = EventFile.Read(log.FilePath!);
        foreach (var epoch in history.Epochs)
        {
            var scalars = events.Where(one => one.Step == epoch.Epoch).SelectMany(one => one.Scalars)
                .Where(one => !one.Tag.StartsWith("batch/", StringComparison.Ordinal)).ToDictionary(one => one.Tag, one => one.Value, StringComparer.Ordinal);
            Assert.Equal(["accuracy", "learning_rate", "loss", "validation_accuracy", "validation_loss"], scalars.Keys.Order(StringComparer.Ordinal));
            Assert.Equal((float)epoch.Loss, scalars["loss"]);
            Assert.Equal((float)epoch.Validation!.Accuracy, scalars["validation_accuracy"]);
        }
        Assert.Equal([1L, 2, 3, 4, 5, 6], events.Where(one => one.Scalars.Any(value => value.Tag == "batch/loss")).Select(one => one.Step));
        Assert.False(new TensorBoardLog(folder.Path).ListensToBatches);
    }
}
