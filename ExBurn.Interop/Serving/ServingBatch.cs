using System.Buffers;
using ExBurn.Native;

namespace ExBurn.Serving;

/// <summary>Some rows of a request.</summary>
internal readonly record struct RequestRows(ServingRequest Request, int Start, int Count);

/// <summary>Rows of one or more requests that are computed together.</summary>
internal sealed class ServingBatch(Lane lane)
{
    private readonly List<RequestRows> _parts = [];

    public Lane Lane => lane;

    public IReadOnlyList<RequestRows> Parts => _parts;

    public int Rows { get; private set; }

    public void Add(RequestRows part)
    {
        _parts.Add(part);
        Rows += part.Count;
    }

    /// <summary>The part alone.</summary>
    public ServingBatch Only(RequestRows part)
    {
        var alone = new ServingBatch(lane);
        alone.Add(part);
        return alone;
    }

    /// <summary>Computes the batch and gives each request its rows.</summary>
    /// <param name="predictor">Computes.</param>
    /// <param name="padTo">Rows to fill up to; 0 for none.</param>
    /// <param name="statistics">Counts, before a caller can look.</param>
    public void Run(Predictor predictor, int padTo, ServingStatistics statistics)
    {
        var rows = Math.Max(Rows, padTo);
        var first = _parts[0].Request;
        // A request that is the whole batch goes in as it is.
        if (_parts.Count == 1 && first.Rows == rows)
        {
            Answer(predictor, Inference.Inputs(first.Inputs, nameof(first.Inputs)), rows, statistics);
            return;
        }

        var memory = new byte[first.Inputs.Length][];
        try
        {
            var inputs = default(ArrayInputs);
            for (var i = 0; i < memory.Length; i++)
            {
                var input = first.Inputs[i];
                var rowBytes = input.Bytes.Length / first.Rows;
                memory[i] = ArrayPool<byte>.Shared.Rent(checked(rows * rowBytes));
                Gather(i, rowBytes, memory[i].AsSpan(0, rows * rowBytes));
                inputs.Add(new TensorView(memory[i].AsSpan(0, rows * rowBytes), input.DType, [rows, .. input.Shape.AsSpan().Slice(1)]).ToInput());
            }
            Answer(predictor, inputs, rows, statistics);
        }
        finally
        {
            foreach (var rented in memory)
                if (rented is not null)
                    ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private void Answer(Predictor predictor, in ArrayInputs inputs, int rows, ServingStatistics statistics)
    {
        using var native = predictor.RunBatch(inputs);
        var outputs = new OutputRows(native, rows, predictor.OutputNames);
        statistics.Computed(Rows);
        var from = 0;
        foreach (var (request, start, count) in _parts)
        {
            if (!request.IsOver && request.Receive(start, outputs, from, count) is { } answer)
            {
                statistics.Completed(request);
                request.Complete(answer);
            }
            from += count;
        }
    }

    private void Gather(int input, int rowBytes, Span<byte> memory)
    {
        var at = 0;
        foreach (var (request, start, count) in _parts)
        {
            request.Inputs[input].Bytes.Slice(start * rowBytes, count * rowBytes).CopyTo(memory.Slice(at));
            at += count * rowBytes;
        }
        // A row that the model takes is right for padding too; zeros need not be.
        for (; at < memory.Length; at += rowBytes)
            memory.Slice(at - rowBytes, rowBytes).CopyTo(memory.Slice(at));
    }
}
