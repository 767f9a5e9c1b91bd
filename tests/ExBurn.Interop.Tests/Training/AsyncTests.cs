using ExBurn.Tests.Support;

namespace ExBurn.Tests.Training;

public sealed class AsyncTests : IDisposable
{
    private readonly Sequential _model = Blobs.Model();
    private readonly Dataset _train = Blobs.Dataset();

    public void Dispose()
    {
        _model.Dispose();
        _train.Dispose();
    }

    [Fact]
    public async Task Fit_runs_elsewhere_and_reports_progress()
    {
        var reports = new List<TrainingProgress>();
        var caller = Environment.CurrentManagedThreadId;
        var threads = new HashSet<int>();
        var history = await new Trainer(_model).FitAsync(_train, new() { Epochs = 2, BatchSize = 48 }, new Direct(report =>
        {
            reports.Add(report);
            threads.Add(Environment.CurrentManagedThreadId);
        }));
        Assert.Equal(2, history.Epochs.Count);
        Assert.Equal(6, reports.Count);
        Assert.DoesNotContain(caller, threads);
        Assert.Single(threads);
        Assert.Equal([0.25, 0.5, 0.5, 0.75, 1, 1], reports.Select(report => report.Fraction));
        Assert.Same(history.Epochs[1], reports[^1].Completed);
        Assert.Equal(TimeSpan.Zero, reports[^1].Remaining);
        Assert.True((await new Trainer(_model).EvaluateAsync(_train)).Samples == 96);
    }

    [Fact]
    public async Task Cancelling_in_an_epoch_gives_the_token_back_and_the_model_goes_on()
    {
        using var source = new CancellationTokenSource();
        var seen = 0;
        var task = new Trainer(_model).FitAsync(_train, new() { Epochs = 1000, BatchSize = 4 }, new Direct(_ =>
        {
            if (++seen == 5)
                source.Cancel();
        }), source.Token);
        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
        Assert.Equal(source.Token, error.CancellationToken);
        Assert.True(task.IsCanceled);
        Assert.InRange(seen, 5, 7);
        Assert.Single(new Trainer(_model).Fit(_train).Epochs);
    }

    [Fact]
    public void A_cancelled_token_starts_nothing()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();
        var before = Blobs.State(_model);
        var error = Assert.ThrowsAny<OperationCanceledException>(() => new Trainer(_model).Fit(_train, null, source.Token));
        Assert.Equal(source.Token, error.CancellationToken);
        Assert.Equal(before, Blobs.State(_model));
    }

    [Fact]
    public async Task An_error_comes_through_the_task()
    {
        var task = new Trainer(_model).FitAsync(null!);
        await Assert.ThrowsAsync<ArgumentNullException>(() => task);
        using var wrong = Dataset.FromArrays(new float[4, 9], new int[4]);
        await Assert.ThrowsAsync<ShapeMismatchException>(() => new Trainer(_model).FitAsync(wrong));
    }

    private sealed class Direct(Action<TrainingProgress> act) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => act(value);
    }
}
