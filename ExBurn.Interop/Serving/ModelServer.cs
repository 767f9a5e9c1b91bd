using System.Diagnostics;
using ExBurn.Serving;

namespace ExBurn;

/// <summary>
/// Predicts for many callers at once: their rows are gathered into batches, computed by threads of its own, and each caller gets the answer to
/// its own rows. A batch leaves when <see cref="ServingOptions.BatchSize"/> rows wait or when the first has waited for
/// <see cref="ServingOptions.BatchTimeout"/>. Any number of threads may call it. Where a batch fails, its requests are computed one by one, so that
/// only those fail that are at fault, each with its own exception. Rows with shapes or element types that cannot be put together leave separately.
/// </summary>
[DebuggerDisplay("{ToString(),nq}")]
public sealed partial class ModelServer : IDisposable, IAsyncDisposable
{
    private readonly SharedPredictor _shared;
    private readonly ServingQueue _queue;
    private readonly ServingStatistics _statistics = new();
    private readonly ServingWorkers _workers;
    private int _released;

    /// <summary>Serves a snapshot of a model's weights; the model may be trained on, or disposed.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">How to group; null for the defaults.</param>
    /// <exception cref="InvalidOperationException">The model is not built.</exception>
    public ModelServer(Model model, ServingOptions? options = null)
        : this(new SharedPredictor(Check.NotNull(model, nameof(model)).CreatePredictor(), isOwned: true), options)
    {
    }

    /// <summary>Serves a predictor, which must not be disposed before the server.</summary>
    /// <param name="predictor">The predictor, such as one of inner layers (<see cref="Model.CreatePredictor(string[])"/>).</param>
    /// <param name="options">How to group; null for the defaults.</param>
    public ModelServer(Predictor predictor, ServingOptions? options = null)
        : this(new SharedPredictor(Check.NotNull(predictor, nameof(predictor)), isOwned: false), options)
    {
    }

    private ModelServer(SharedPredictor shared, ServingOptions? options)
    {
        _shared = shared;
        Options = options ?? new();
        _queue = new(Options, IsExpected);
        _workers = new(Predictor, Options, _queue, _statistics);
        if (!Options.Lazy)
            _workers.Start();
    }

    /// <summary>How requests are grouped.</summary>
    public ServingOptions Options { get; }

    /// <summary>Names of the inputs, in the order in which arrays are given.</summary>
    public IReadOnlyList<string> InputNames => Predictor.InputNames;

    /// <summary>Names of the outputs, in the order in which they come.</summary>
    public IReadOnlyList<string> OutputNames => Predictor.OutputNames;

    /// <summary>Set-up, queue, counts and latencies at this moment.</summary>
    public ServingStatus Status => _statistics.Status(Options, _queue.Rows);

    private Predictor Predictor => _shared.Predictor;

    /// <summary>Another server over the same weights: <c>server.With(server.Options with { BatchSize = 64 })</c>. Each is disposed on its own.</summary>
    /// <param name="options">How the other one groups.</param>
    /// <exception cref="ObjectDisposedException">This server is disposed.</exception>
    public ModelServer With(ServingOptions options)
    {
        Check.NotNull(options, nameof(options));
        if (Volatile.Read(ref _released) != 0)
            throw new ObjectDisposedException(nameof(ModelServer));
        return new(_shared.Share(), options);
    }

    /// <summary>As <see cref="DisposeAsync"/>, waiting on this thread.</summary>
    public void Dispose()
    {
        Close();
        _workers.Ended.GetAwaiter().GetResult();
        Release();
    }

    /// <summary>
    /// Takes no more requests (they fail with <see cref="ObjectDisposedException"/>), sends those that wait at once, and ends when all are
    /// answered. May be called twice.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        Close();
        await _workers.Ended.ConfigureAwait(false);
        Release();
    }

    /// <summary>Reads as <see cref="ServingStatus"/> does.</summary>
    public override string ToString() => Status.ToString();

    private void Close()
    {
        _queue.Close();
        _workers.EndUnstarted();
    }

    private void Release()
    {
        if (Interlocked.Exchange(ref _released, 1) == 0)
            _shared.Release();
    }

    /// <summary>Puts a request into the queue. What can be known to be wrong is thrown here.</summary>
    private Task<TensorData[]> Send(TensorData[] inputs, CancellationToken cancellation)
    {
        var rows = CheckInputs(inputs);
        if (cancellation.IsCancellationRequested)
            return Task.FromCanceled<TensorData[]>(cancellation);
        var request = new ServingRequest(inputs, rows, cancellation);
        if (cancellation.CanBeCanceled)
            request.Registration = cancellation.Register(() => Cancel(request));
        try
        {
            if (!_queue.Add(request))
                throw Refuse(rows);
        }
        catch
        {
            request.Registration.Dispose();
            throw;
        }
        _workers.Start();
        return request.Answer;
    }

    private void Cancel(ServingRequest request)
    {
        if (!request.Cancel())
            return;
        _queue.Remove(request);
        _statistics.Cancelled();
    }

    private ExBurnException Refuse(int rows)
    {
        _statistics.Refused();
        return new($"The server is busy: {_queue.Rows} rows wait, the request has {rows}, the limit is {Options.QueueLimit}.", ErrorCode.Busy);
    }

    /// <returns>The rows.</returns>
    private int CheckInputs(TensorData[] inputs)
    {
        if (inputs.Length != InputNames.Count)
            throw new ArgumentException($"The model takes {InputNames.Count} input(s) ({string.Join(", ", InputNames)}); given are {inputs.Length}.", nameof(inputs));
        for (var i = 0; i < inputs.Length; i++)
        {
            var shape = Check.NotNull(inputs[i], nameof(inputs)).Shape;
            if (shape.Rank == 0 || shape[0] < 1 || shape[0] != inputs[0].Shape[0])
                throw Mismatch(i, shape.Rank > 0 && i > 0 ? $"[{inputs[0].Shape[0]}, ...]" : "at least one row, batch dimension first", shape);
            if (Predictor.InputShapes[i] is { } expected && !Takes(expected, shape))
                throw Mismatch(i, expected.Prepend(-1).ToString(), shape);
        }
        return checked((int)inputs[0].Shape[0]);
    }

    private ShapeMismatchException Mismatch(int input, string expected, Shape found)
        => new($"input '{InputNames[input]}': expected {expected}, found {found}", InputNames[input], expected, found.ToString());

    private static bool Takes(Shape sample, Shape found)
    {
        if (found.Rank != sample.Rank + 1)
            return false;
        for (var i = 0; i < sample.Rank; i++)
            if (sample[i] >= 0 && sample[i] != found[i + 1])
                return false;
        return true;
    }

    /// <summary>Whether the model says that it takes such rows.</summary>
    private bool IsExpected(TensorData[] inputs)
    {
        for (var i = 0; i < inputs.Length; i++)
            if ((Predictor.InputShapes[i] ?? (i == 0 ? Predictor.SampleShape : null)) is not { } sample || !Takes(sample, inputs[i].Shape))
                return false;
        return true;
    }
}
