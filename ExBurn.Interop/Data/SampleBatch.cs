namespace ExBurn;

/// <summary>Collects samples into batches.</summary>
internal sealed class SampleBatch(int size)
{
    private readonly List<Column> _inputs = [];
    private readonly List<Column> _targets = [];
    private readonly List<float> _weights = [];
    private bool _started;
    private bool _weighted;
    private long _samples;
    private int _rows;

    public bool IsEmpty => _rows == 0;

    public bool IsFull => _rows == size;

    /// <exception cref="ShapeMismatchException">The sample has other arrays than the first.</exception>
    public void Add(Sample sample)
    {
        if (sample is null)
            throw new ArgumentException($"Sample {_samples} of the source is null.");
        if (!_started)
        {
            _inputs.AddRange(sample.Inputs.Select((array, i) => new Column($"input {i}", array)));
            _targets.AddRange(sample.Targets.Select((array, i) => new Column($"target {i}", array)));
            (_started, _weighted) = (true, sample.Weight is not null);
        }
        CheckSample(sample);
        for (var i = 0; i < _inputs.Count; i++)
            _inputs[i].Append(sample.Inputs[i], _samples, _rows);
        for (var i = 0; i < _targets.Count; i++)
            _targets[i].Append(sample.Targets[i], _samples, _rows);
        if (sample.Weight is { } weight)
            _weights.Add(weight);
        _samples++;
        _rows++;
    }

    /// <summary>The samples so far as a batch; the next one begins anew.</summary>
    public Batch Take()
    {
        TensorData[] inputs = [.. _inputs.Select(column => column.Take(_rows))];
        TensorData[] targets = [.. _targets.Select(column => column.Take(_rows))];
        var weights = _weighted ? new TensorData(new TensorView(_weights.ToArray(), [_rows])) : null;
        _weights.Clear();
        _rows = 0;
        return new(inputs, targets) { Weights = weights };
    }

    private void CheckSample(Sample sample)
    {
        if (sample.Inputs.Count != _inputs.Count || sample.Targets.Count != _targets.Count)
            throw new ShapeMismatchException($"sample {_samples} has {sample.Inputs.Count} inputs and {sample.Targets.Count} targets, expected {_inputs.Count} and {_targets.Count} as the first");
        if (sample.Weight is not null != _weighted)
            throw new ArgumentException($"Either all samples have a weight or none; sample {_samples} is unlike the first.");
    }

    /// <summary>One array of the batch in the making.</summary>
    private sealed class Column(string name, TensorData first)
    {
        private readonly DType _dtype = first.DType;
        private readonly Shape _shape = first.Shape;
        private readonly int _size = first.Bytes.Length;
        private byte[] _bytes = [];

        public void Append(TensorData array, long sample, int row)
        {
            if (array.Shape != _shape)
                throw new ShapeMismatchException($"sample {sample}, {name}: expected shape {_shape} as the first, found {array.Shape}", name, _shape.ToString(), array.Shape.ToString());
            if (array.DType != _dtype)
                throw new DTypeException($"sample {sample}, {name}: expected {_dtype} as the first, found {array.DType}");
            var end = checked((row + 1) * _size);
            if (end > _bytes.Length)
                Array.Resize(ref _bytes, (int)Math.Max(end, Math.Min(2L * _bytes.Length, 0x7FFF_FFC7)));
            array.Bytes.CopyTo(_bytes.AsSpan(row * _size));
        }

        public TensorData Take(int rows)
        {
            var taken = _bytes;
            if (taken.Length != rows * _size)
                Array.Resize(ref taken, rows * _size);
            // The batch owns its bytes; the next one gets as many anew.
            _bytes = new byte[rows * _size];
            return new(taken, _dtype, _shape.Prepend(rows));
        }
    }
}
