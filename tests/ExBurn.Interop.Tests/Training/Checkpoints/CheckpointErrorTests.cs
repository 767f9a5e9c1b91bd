using System.Text;
using ExBurn.Tests.Checkpoints;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Training.Checkpoints;

/// <summary>Files that are torn, foreign, newer or of something else: an error that says so, and nothing changes.</summary>
public sealed class CheckpointErrorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Scenario _scenario = new();
    private readonly string _path;

    public CheckpointErrorTests()
    {
        _path = _folder.File("run.safetensors");
        _scenario.Fit(2, steps: 8);
        _scenario.Trainer.SaveCheckpoint(_path);
    }

    public void Dispose()
    {
        _scenario.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_file_that_is_cut_anywhere_is_an_error()
    {
        var whole = File.ReadAllBytes(_path);
        for (var length = 0; length < whole.Length; length += length < 64 ? 1 : 211)
            Refused(whole[..length], "");
        Refused([.. whole, 0], "");
    }

    [Fact]
    public void A_file_with_a_wrong_bit_anywhere_is_an_error()
    {
        var whole = File.ReadAllBytes(_path);
        for (var at = 0; at < whole.Length; at += 101)
        {
            var bytes = (byte[])whole.Clone();
            bytes[at] ^= (byte)(1 << (at % 8));
            Refused(bytes, "");
        }
        whole[^1] ^= 1;
        Refused(whole, "check sum");
    }

    [Fact]
    public void Foreign_and_newer_files_are_errors()
    {
        var newer = Encoding.Latin1.GetString(File.ReadAllBytes(_path)).Replace("\"exburn.checkpoint\":\"1\"", "\"exburn.checkpoint\":\"9\"", StringComparison.Ordinal);
        _scenario.Model.Save(_path + ".weights");
        Refused(File.ReadAllBytes(_path + ".weights"), "not a checkpoint");
        Refused(Encoding.UTF8.GetBytes("{\"epochs\": 3}"), "");
        Refused(Encoding.Latin1.GetBytes(newer), "version 9");
        var missing = Assert.Throws<CheckpointException>(() => _scenario.Trainer.LoadCheckpoint(_folder.File("none")));
        Assert.Equal(ErrorCode.NotFound, missing.ErrorCode);
        Assert.Throws<CheckpointException>(() => _scenario.Trainer.SaveCheckpoint(_folder.File("no/such/folder")));
    }

    [Fact]
    public void A_checkpoint_of_another_model_or_optimizer_is_an_error()
    {
        using var other = new Scenario(5, new AdamW(0.1));
        UnchangedBy(other.Model, () => other.Fit(2, _path), "optimizer");
        using var narrow = new Sequential(new Linear(2, 24), new ReLU(), new Linear(24, 3));
        narrow.Compile(Scenario.Optimizer() with { Groups = [] }, Loss.CrossEntropy());
        UnchangedBy(narrow, () => new Trainer(narrow).LoadCheckpoint(_path), "1.weight");
        using var twice = new Sequential(new Linear(2, 24), new BatchNorm1d(24), new ReLU(), new Dropout(0.3), new Linear(24, 3));
        twice.Compile(Scenario.Optimizer(), Loss.CrossEntropy(), [Metric.Accuracy(), Metric.RocAuc()], dtype: DType.Float64);
        UnchangedBy(twice, () => new Trainer(twice).LoadCheckpoint(_path), "type: expected f64, found f32");
        using var bare = new Sequential(new Linear(2, 24));
        Assert.Throws<InvalidOperationException>(() => new Trainer(bare).LoadCheckpoint(_path));
    }

    [Fact]
    public void A_checkpoint_of_another_run_is_an_error()
    {
        using var data = Scenario.Points(90, 1);
        using var fewer = Scenario.Points(60, 1);
        var options = _scenario.Options(2, _path);
        void Check(Dataset train, FitOptions with, string word)
            => UnchangedBy(_scenario.Model, () => _scenario.Trainer.Fit(train, with), word);
        Check(data, options with { Schedule = new StepDecay(3) }, "schedule: expected StepDecay, found Cyclic");
        Check(data, options with { Schedule = null }, "schedule: expected none, found Cyclic");
        Check(data, options with { BatchSize = 9 }, "BatchSize: expected 9, found 8");
        Check(data, options with { Shuffle = false }, "Shuffle: expected False, found True");
        Check(data, options with { AccumulationSteps = 1 }, "AccumulationSteps");
        Check(data, options with { Seed = 3 }, "Seed: expected 3, found 11");
        Check(fewer, options, "rows of the data: expected 60, found 90");
        Check(data, options with { ResumeFrom = _folder.File("none") }, "none");
        Check(data, options with { ResumeFrom = Directory.CreateDirectory(_folder.File("empty")).FullName }, "no checkpoint in the folder");
        Assert.Equal(2, _scenario.Trainer.Fit(data, options).Epochs.Count);
    }

    [Fact]
    public void A_missing_file_may_begin_anew()
    {
        using var fresh = new Scenario();
        using var data = Scenario.Points(90, 1);
        var options = fresh.Options(1, _folder.File("none")) with { StartAnewWithoutFile = true };
        Assert.Single(fresh.Trainer.Fit(data, options).Epochs);
        File.WriteAllText(_folder.File("none"), "torn");
        Assert.Throws<CheckpointException>(() => fresh.Trainer.Fit(data, options));
    }

    [Fact]
    public void Within_a_batch_nothing_can_be_saved()
    {
        using var data = Scenario.Points(90, 1);
        var busy = Assert.Throws<ExBurnException>(() => _scenario.Trainer.Fit(data, new() { Callbacks = [new SaveAtBatch(_path)] }));
        Assert.Equal(ErrorCode.Busy, busy.ErrorCode);
    }

    private void Refused(byte[] file, string word)
    {
        File.WriteAllBytes(_path, file);
        var before = _scenario.Trainer.CompletedEpochs;
        UnchangedBy(_scenario.Model, () => _scenario.Trainer.LoadCheckpoint(_path), word);
        Assert.Equal(before, _scenario.Trainer.CompletedEpochs);
    }

    /// <summary>Weights, optimizer, averages, rate and epochs are as before.</summary>
    private void UnchangedBy(Model model, Action act, string word)
    {
        var trainer = new Trainer(model);
        var (before, rate, epochs) = (_folder.File("before"), trainer.LearningRate, trainer.CompletedEpochs);
        trainer.SaveCheckpoint(before);
        var error = Assert.Throws<CheckpointException>(act);
        Assert.Contains(word, error.Message, StringComparison.Ordinal);
        Assert.Equal((rate, epochs), (trainer.LearningRate, trainer.CompletedEpochs));
        trainer.SaveCheckpoint(_folder.File("after"));
        Assert.Equal(File.ReadAllBytes(before).Length, File.ReadAllBytes(_folder.File("after")).Length);
        var (expected, found) = (SafeTensors.Read(File.ReadAllBytes(before)), SafeTensors.Read(File.ReadAllBytes(_folder.File("after"))));
        Assert.All(expected, one => Assert.True(one.Value.Bytes.SequenceEqual(found[one.Key].Bytes), one.Key));
    }

    private sealed class SaveAtBatch(string path) : Callback
    {
        public override void OnBatchEnd(TrainingContext context, in BatchResult batch) => context.Trainer.SaveCheckpoint(path);
    }
}
