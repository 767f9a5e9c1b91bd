namespace ExBurn.Serving;

/// <summary>Requests that may share a batch, in the order in which they came: same element types, same shapes of a sample. Guarded by the queue.</summary>
internal sealed class Lane(TensorData[] first, bool isProven)
{
    private readonly (DType DType, Shape Sample)[] _inputs = [.. first.Select(input => (input.DType, input.Shape.WithoutFirst()))];
    private readonly Queue<ServingRequest> _requests = new();

    /// <summary>Rows that wait.</summary>
    public int Rows { get; private set; }

    /// <summary>Whether a batch of this lane has been computed, or the model says it takes such. Until then nobody waits: a wrong shape shall show at once.</summary>
    public bool IsProven { get; set; } = isProven;

    public bool Fits(TensorData[] inputs)
    {
        for (var i = 0; i < _inputs.Length; i++)
            if (inputs[i].DType != _inputs[i].DType || !inputs[i].Shape.AsSpan().Slice(1).SequenceEqual(_inputs[i].Sample.AsSpan()))
                return false;
        return true;
    }

    public void Add(ServingRequest request)
    {
        request.Lane = this;
        _requests.Enqueue(request);
        Rows += request.Rows;
    }

    /// <summary>Takes a request's waiting rows out; they are skipped later.</summary>
    public int Remove(ServingRequest request)
    {
        var waiting = request.Rows - request.Taken;
        request.Taken = request.Rows;
        Rows -= waiting;
        return waiting;
    }

    /// <summary>When the oldest row came.</summary>
    public long Oldest => Front()!.Arrived;

    /// <summary>The oldest rows, at most so many.</summary>
    public ServingBatch Take(int most)
    {
        var batch = new ServingBatch(this);
        while (batch.Rows < most && Front() is { } request)
        {
            var count = Math.Min(most - batch.Rows, request.Rows - request.Taken);
            batch.Add(new(request, request.Taken, count));
            request.Taken += count;
            Rows -= count;
        }
        return batch;
    }

    private ServingRequest? Front()
    {
        while (_requests.Count > 0 && _requests.Peek() is var request)
        {
            if (request.Taken < request.Rows)
                return request;
            _requests.Dequeue();
        }
        return null;
    }
}
