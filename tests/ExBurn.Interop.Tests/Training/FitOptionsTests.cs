namespace ExBurn.Tests.Training;

public sealed class FitOptionsTests
{
    public static TheoryData<string, Func<FitOptions>> Wrong => new()
    {
        { "Epochs", () => new() { Epochs = -1 } },
        { "BatchSize", () => new() { BatchSize = 0 } },
        { "ValidationBatchSize", () => new() { ValidationBatchSize = 0 } },
        { "ClipNorm", () => new() { ClipNorm = 0 } },
        { "ClipValue", () => new() { ClipValue = double.NaN } },
        { "AccumulationSteps", () => new() { AccumulationSteps = 0 } },
        { "ReportEvery", () => new() { ReportEvery = -1 } },
    };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void A_wrong_option_is_named(string option, Func<FitOptions> make)
        => Assert.Equal(option, Assert.Throws<ArgumentOutOfRangeException>(make).ParamName);

    [Fact]
    public void Defaults()
    {
        var options = new FitOptions();
        Assert.Equal((1, 32, true, false, 1, 1, true), (options.Epochs, options.BatchSize, options.Shuffle, options.DropLast, options.AccumulationSteps, options.ReportEvery, options.TerminateOnNaN));
        Assert.Empty(options.Callbacks);
        Assert.Null(options.ClipNorm);
    }

    [Fact]
    public void Only_callbacks_that_override_the_batch_method_listen_to_batches()
    {
        Assert.False(new EarlyStopping().ListensToBatches);
        Assert.True(new Listener().ListensToBatches);
        Assert.True(new Heir().ListensToBatches);
    }

    private class Listener : Callback
    {
        public override void OnBatchEnd(TrainingContext context, in BatchResult batch)
        {
        }
    }

    private sealed class Heir : Listener;
}
