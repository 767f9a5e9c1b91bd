using ExBurn.Tests.Checkpoints;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Training.Checkpoints;

/// <summary>Runs that are interrupted and go on in another process, and processes that are killed while they save.</summary>
public sealed class RestartTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Two_epochs_and_two_in_another_process_are_four()
    {
        var four = Host.Run("fit", _folder.File("four"), 4, "-", 0);
        Host.Run("fit", _folder.File("two"), 2, "-", 0);
        var rest = Host.Run("fit", _folder.File("rest"), 4, _folder.File("two"), 0);

        var lines = CheckpointContent.Lines(four);
        Assert.Equal(5, lines.Length);
        Assert.Equal(lines, CheckpointContent.Lines(rest));
        CheckpointContent.AssertSameArrays(_folder.File("four"), _folder.File("rest"));
        CheckpointContent.AssertSameNotes(_folder.File("four"), _folder.File("rest"));

        // In this process, by a model that was drawn from another seed.
        using var here = new Scenario(seed: null);
        var history = here.Fit(4, _folder.File("two"));
        Assert.Equal(lines, CheckpointContent.Lines(history.ToCsv()));
        Assert.Equal(11, here.Model.Seed);
        here.Trainer.SaveCheckpoint(_folder.File("here"));
        CheckpointContent.AssertSameArrays(_folder.File("four"), _folder.File("here"));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(12)]
    public void A_run_that_ends_within_an_epoch_goes_on_with_the_next_batch(int steps)
    {
        using (var whole = new Scenario())
        {
            var expected = whole.Fit(3);
            whole.Trainer.SaveCheckpoint(_folder.File("whole"));
            using var first = new Scenario();
            var part = first.Fit(3, steps: steps);
            Assert.Equal((StopReason.StepLimit, steps), (part.StopReason, part.Epochs.Sum(epoch => epoch.Steps)));
            first.Trainer.SaveCheckpoint(_folder.File("part"));

            using var second = new Scenario(seed: null);
            var found = second.Fit(3, _folder.File("part"));
            Assert.Equal(CheckpointContent.Lines(expected.ToCsv()), CheckpointContent.Lines(found.ToCsv()));
            second.Trainer.SaveCheckpoint(_folder.File("second"));
        }
        CheckpointContent.AssertSameArrays(_folder.File("whole"), _folder.File("second"));
        CheckpointContent.AssertSameNotes(_folder.File("whole"), _folder.File("second"));
    }

    [Fact]
    public void The_callbacks_files_resume_at_every_place()
    {
        var folder = _folder.File("all");
        using var whole = new Scenario();
        var options = whole.Options(3);
        using var data = Scenario.Points(90, 1);
        var history = whole.Trainer.Fit(data, options with { Callbacks = [.. options.Callbacks, new Checkpoint(folder) { EverySteps = 1 }] });
        var lines = CheckpointContent.Lines(history.ToCsv());
        whole.Trainer.SaveCheckpoint(_folder.File("whole"));
        var files = Directory.GetFiles(folder).Order(StringComparer.Ordinal).ToArray();
        // Six steps an epoch; the last of them is the epoch's file.
        Assert.Equal(3 * 6, files.Length);
        Assert.Equal(Path.Combine(folder, "epoch-0003.safetensors"), Checkpoint.FindLatest(folder));
        foreach (var file in files)
        {
            using var resumed = new Scenario(seed: null);
            Assert.Equal(lines, CheckpointContent.Lines(resumed.Fit(3, file).ToCsv()));
            resumed.Trainer.SaveCheckpoint(_folder.File("resumed"));
            CheckpointContent.AssertSameArrays(_folder.File("whole"), _folder.File("resumed"));
        }
    }

    [Fact]
    public void A_folder_resumes_from_its_newest_file_and_keeps_its_rules()
    {
        var folder = _folder.File("run");
        var all = _folder.File("once");
        var once = Host.Run("fit", _folder.File("a"), 4, "-", 0, all);
        Host.Run("fit", _folder.File("b"), 4, "-", 15, folder);
        File.WriteAllText(Path.Combine(folder, "epoch-0003.safetensors.99999.tmp"), "left by a process that was killed");
        var rest = Host.Run("fit", _folder.File("b"), 4, folder, 0, folder);
        Assert.Equal(CheckpointContent.Lines(once), CheckpointContent.Lines(rest));
        Assert.Equal(CheckpointContent.Lines(File.ReadAllText(Path.Combine(all, "log.csv"))), CheckpointContent.Lines(File.ReadAllText(Path.Combine(folder, "log.csv"))));
        string[] Names(string of) => [.. Directory.GetFiles(of).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
        Assert.Equal(Names(all), Names(folder));
        Assert.Equal(File.ReadAllBytes(Path.Combine(all, "best.safetensors")), File.ReadAllBytes(Path.Combine(folder, "best.safetensors")));
    }

    [Fact]
    public void A_kill_in_the_middle_of_a_save_leaves_a_whole_file()
    {
        var path = _folder.File("loop");
        var random = new Random(3);
        using var model = new Scenario();
        var left = 0;
        for (var i = 0; i < 12; i++)
        {
            using var process = Host.Start("save", path);
            Assert.Equal("saved", process.StandardOutput.ReadLine());
            Thread.Sleep(random.Next(60));
            process.Kill();   // SIGKILL
            process.WaitForExit();
            left += Directory.GetFiles(_folder.Path, "*.tmp").Length;
            Assert.NotEmpty(model.Trainer.LoadCheckpoint(path).Epochs);
        }
        // Some of the kills have met a save, or the test proves nothing.
        Assert.True(left > 0, "no kill met a save");
    }
}
