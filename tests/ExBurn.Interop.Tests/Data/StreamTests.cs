using System.Runtime.CompilerServices;
using ExBurn.Tests.Training;

namespace ExBurn.Tests.Data;

public sealed class StreamTests
{
    private static IEnumerable<Sample> Samples(int rows = Blobs.Rows)
    {
        var (points, labels) = Blobs.Arrays(rows);
        for (var i = 0; i < rows; i++)
            yield return new(new float[] { points[i, 0], points[i, 1] }, labels[i]);
    }

    private static IEnumerable<Batch> Batches(int rows, int size)
    {
        var samples = Samples(rows).ToList();
        for (var i = 0; i < rows; i += size)
        {
            var part = samples.Skip(i).Take(size).ToList();
            yield return new(
                new TensorView([.. part.SelectMany(sample => sample.Inputs[0].ToSingles())], [part.Count, 2]),
                part.Select(sample => (int)sample.Targets[0].AsSpan<long>()[0]).ToArray());
        }
    }

    private static async IAsyncEnumerable<T> Later<T>(IEnumerable<T> items, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        foreach (var item in items)
        {
            await Task.Yield();
            cancellation.ThrowIfCancellationRequested();
            yield return item;
        }
    }

    /// <summary>All four kinds of sources train as the dataset does: losses, metrics and weights to the last bit.</summary>
    [Fact]
    public void A_stream_trains_as_the_dataset_with_its_rows_in_order()
    {
        var options = new FitOptions { Epochs = 3, BatchSize = 10, Shuffle = false, Schedule = new StepDecay(4, 0.5) { Interval = ScheduleInterval.Step } };
        using var data = Blobs.Dataset();
        using var model = Blobs.Model(3, null, new Dropout(0.2));
        var expected = new Trainer(model).Fit(data, options);
        DataStream[] streams =
        [
            DataStream.FromSamples(Samples()),
            DataStream.FromSamples(Later(Samples())),
            DataStream.FromBatches(Batches(Blobs.Rows, 10)),
            DataStream.FromBatches(Later(Batches(Blobs.Rows, 10).ToList())),
        ];
        foreach (var stream in streams)
        {
            using var other = Blobs.Model(3, null, new Dropout(0.2));
            var history = new Trainer(other).Fit(stream, options);
            Assert.Equal(expected.Losses, history.Losses);
            Assert.Equal(expected.Epochs.Select(epoch => epoch.Metrics["accuracy"]), history.Epochs.Select(epoch => epoch.Metrics["accuracy"]));
            Assert.Equal(expected.Epochs.Select(epoch => (epoch.Samples, epoch.Steps, epoch.LearningRate)), history.Epochs.Select(epoch => (epoch.Samples, epoch.Steps, epoch.LearningRate)));
            Assert.Equal(Blobs.State(model), Blobs.State(other));
            Assert.Equal(new Trainer(model).Evaluate(data, 7).Loss, new Trainer(model).Evaluate(stream, 7).Loss, 1e-6);
        }
    }

    /// <summary>Rates, momenta, groups with schedules of their own and rates that a callback sets act on a stream's steps as on a dataset's.</summary>
    [Fact]
    public void Schedules_of_a_stream_are_those_of_the_dataset()
    {
        FitOptions[] all =
        [
            new() { Schedule = new OneCycle(0.3) },
            new() { Schedule = new ExponentialDecay(0.9) { Interval = ScheduleInterval.Step }, Callbacks = [new SetRate(3, 0.64)] },
            new() { Callbacks = [new SetRate(1, 0.01)] },
            new() { Schedule = new CosineAnnealing(3) },
        ];
        using var data = Blobs.Dataset();
        foreach (var one in all)
        {
            var options = one with { Epochs = 3, BatchSize = 10, Shuffle = false };
            Optimizer optimizer = new SGD(0.1) { Momentum = 0.9, Groups = [new ParameterGroup("0") { Schedule = new StepDecay(4, 0.5) { Interval = ScheduleInterval.Step } }] };
            using var model = Blobs.Model(3, optimizer);
            using var other = Blobs.Model(3, optimizer);
            var expected = new Trainer(model).Fit(data, options);
            var found = new Trainer(other).Fit(DataStream.FromSamples(Samples()).WithRows(Blobs.Rows), options);
            Assert.Equal(expected.Epochs.Select(epoch => (epoch.Loss, epoch.LearningRate)), found.Epochs.Select(epoch => (epoch.Loss, epoch.LearningRate)));
            Assert.Equal(Blobs.State(model), Blobs.State(other));
        }
    }

    [Fact]
    public async Task Epochs_of_a_stream_come_one_by_one()
    {
        using var model = Blobs.Model(3);
        using var other = Blobs.Model(3);
        var options = new FitOptions { Epochs = 3, BatchSize = 10 };
        var expected = new Trainer(model).Fit(DataStream.FromSamples(Samples()), options);
        var losses = new List<double>();
        await foreach (var epoch in new Trainer(other).Epochs(DataStream.FromSamples(Samples()), options))
            losses.Add(epoch.Loss);
        Assert.Equal(expected.Losses, losses);
        Assert.Throws<ArgumentException>(() => new Trainer(other).Epochs(DataStream.FromSamples(Samples()), options with { ValidationSplit = 0.5 }));
    }

    private sealed class SetRate(long batch, double rate) : Callback
    {
        public override void OnBatchEnd(TrainingContext context, in BatchResult result)
        {
            if (result.Batch == batch)
                context.LearningRate = rate;
        }
    }

    [Fact]
    public void Limits_accumulation_and_partial_batches_are_those_of_an_epoch()
    {
        using var data = Blobs.Dataset(50);
        foreach (var options in new FitOptions[]
        {
            new() { BatchSize = 8, Shuffle = false, AccumulationSteps = 3, Epochs = 2 },
            new() { BatchSize = 8, Shuffle = false, DropLast = true, ClipNorm = 0.1 },
            new() { BatchSize = 8, Shuffle = false, MaxSteps = 9, Epochs = 3 },
        })
        {
            using var a = Blobs.Model();
            using var b = Blobs.Model();
            var expected = new Trainer(a).Fit(data, options);
            var found = new Trainer(b).Fit(DataStream.FromSamples(Samples(50)), options);
            Assert.Equal(expected.Epochs.Select(epoch => (epoch.Samples, epoch.Steps)), found.Epochs.Select(epoch => (epoch.Samples, epoch.Steps)));
            Assert.Equal(expected.StopReason, found.StopReason);
            foreach (var (left, right) in expected.Losses.Zip(found.Losses))
                Assert.Equal(left, right, 1e-5);
        }
    }

    [Fact]
    public void A_shuffle_buffer_gives_every_sample_once_in_another_order_each_epoch()
    {
        var stream = DataStream.FromSamples(Enumerable.Range(0, 30).Select(i => new Sample(new float[] { i }, i))).WithShuffle(8);
        int[] Rows(ulong? seed) => [.. stream.Batches(7, false, seed, default).SelectMany(batch => batch.Inputs[0].ToSingles()).Select(x => (int)x)];
        Assert.Equal(Enumerable.Range(0, 30), Rows(null));
        Assert.Equal(Enumerable.Range(0, 30), Rows(1).Order());
        Assert.NotEqual(Rows(1), Rows(2));
        Assert.Equal(Rows(1), Rows(1));
    }

    [Fact]
    public void The_exception_of_a_source_comes_out_unchanged()
    {
        var mine = new InvalidDataException("mine");
        IEnumerable<Sample> Failing()
        {
            foreach (var sample in Samples(20))
                yield return sample;
            throw mine;
        }
        using var model = Blobs.Model();
        Assert.Same(mine, Assert.Throws<InvalidDataException>(() => new Trainer(model).Fit(DataStream.FromSamples(Failing()), new() { BatchSize = 8 })));
        Assert.Same(mine, Assert.Throws<InvalidDataException>(() => new Trainer(model).Evaluate(DataStream.FromSamples(Failing()))));
        Assert.Single(new Trainer(model).Fit(DataStream.FromSamples(Samples())).Epochs);
    }

    [Fact]
    public void A_source_that_can_be_read_once_trains_one_epoch()
    {
        using var model = Blobs.Model();
        var items = Samples(20).GetEnumerator();
        IEnumerable<Sample> Once()
        {
            while (items.MoveNext())
                yield return items.Current;
        }
        var stream = DataStream.FromSamples(Once());
        var error = Assert.Throws<InvalidOperationException>(() => new Trainer(model).Fit(stream, new() { Epochs = 2 }));
        Assert.Contains("only once", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new Trainer(model).Fit(DataStream.FromSamples(Array.Empty<Sample>())));
        Assert.Throws<ArgumentException>(() => new Trainer(model).Evaluate(DataStream.FromSamples(Array.Empty<Sample>())));
    }

    [Fact]
    public void The_reading_thread_is_another_and_ends_with_the_run()
    {
        Thread? reader = null;
        IEnumerable<Sample> Endless()
        {
            reader = Thread.CurrentThread;
            while (true)
            {
                foreach (var sample in Samples(20))
                    yield return sample;
            }
        }
        using var model = Blobs.Model();
        var history = new Trainer(model).Fit(DataStream.FromSamples(Endless()), new() { MaxSteps = 5 });
        Assert.Equal(StopReason.StepLimit, history.StopReason);
        Assert.NotSame(Thread.CurrentThread, reader);
        Assert.True(reader!.Join(5000));
    }

    [Fact]
    public async Task Cancelling_ends_a_run_that_waits_for_its_source()
    {
        using var cancel = new CancellationTokenSource();
        async IAsyncEnumerable<Sample> Waiting([EnumeratorCancellation] CancellationToken cancellation = default)
        {
            foreach (var sample in Samples(40))
                yield return sample;
            cancel.CancelAfter(50);
            await Task.Delay(Timeout.Infinite, cancellation);
        }
        using var model = Blobs.Model();
        var run = new Trainer(model).FitAsync(DataStream.FromSamples(Waiting()), new() { BatchSize = 8 }, null, cancel.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.Single((await new Trainer(model).FitAsync(DataStream.FromSamples(Samples()))).Epochs);
    }

    [Fact]
    public void Weights_count_in_streams_too()
    {
        var (points, labels) = Blobs.Arrays(6);
        float[] weights = [2, 1, 0, 1, 1, 0];
        using var all = Dataset.FromArrays(points, labels);
        using var weighted = all.WithWeights(weights);
        using var a = Blobs.Model();
        using var b = Blobs.Model();
        new Trainer(a).Fit(weighted, new() { BatchSize = 4, Shuffle = false });
        new Trainer(b).Fit(DataStream.FromSamples(weighted.Samples()), new() { BatchSize = 4 });
        Assert.Equal(Blobs.State(a), Blobs.State(b));
    }

    [Fact]
    public void What_does_not_fit_is_an_error_that_says_where()
    {
        using var model = Blobs.Model();
        var trainer = new Trainer(model);
        var odd = Samples(3).Append(new Sample(new float[3], 0));
        Assert.Contains("sample 3", Assert.Throws<ShapeMismatchException>(() => trainer.Fit(DataStream.FromSamples(odd))).Message, StringComparison.Ordinal);
        Assert.Throws<DTypeException>(() => trainer.Fit(DataStream.FromSamples(Samples(3).Append(new Sample(new double[2], 0)))));
        Assert.Throws<ArgumentException>(() => trainer.Fit(DataStream.FromSamples([null!])));
        Assert.Throws<ShapeMismatchException>(() => trainer.Fit(DataStream.FromBatches([new Batch(new float[2, 3], new int[2])])));
        Assert.Throws<ArgumentException>(() => trainer.Fit(DataStream.FromBatches([new Batch(new float[2, 2], new[] { 0, 9 })])));
        Assert.Throws<NumericalException>(() => trainer.Fit(DataStream.FromBatches([new Batch(new float[,] { { float.NaN, 0 } }, new[] { 0 })])));
        Assert.Throws<ArgumentException>(() => new Batch(new float[2, 2], new int[3]));
        Assert.Throws<ArgumentException>(() => new Batch(new float[0, 2], Array.Empty<int>()));
        Assert.Throws<ArgumentException>(() => trainer.Fit(DataStream.FromSamples(Samples()), new() { ValidationSplit = 0.1 }));
        Assert.Throws<ArgumentException>(() => trainer.Fit(DataStream.FromSamples(Samples()), new() { Schedule = new OneCycle(0.1) }));
        Assert.Throws<ArgumentNullException>(() => trainer.Fit((DataStream)null!));
    }
}
