using ExBurn.Native;

namespace ExBurn.Serving;

/// <summary>The outputs of a batch, cut by rows. Checks that they have the batch's rows.</summary>
internal readonly ref struct OutputRows
{
    private readonly NativeOutputs _outputs;
    private readonly int _rows;

    /// <exception cref="ShapeMismatchException">An output has no row per row of the batch.</exception>
    public OutputRows(NativeOutputs outputs, int rows, IReadOnlyList<string> names)
    {
        _outputs = outputs;
        _rows = rows;
        for (var i = 0; i < outputs.Count; i++)
        {
            var shape = outputs.Shape(i);
            if (shape.Length == 0 || shape[0] != rows)
                throw new ShapeMismatchException(
                    $"The output '{names[i]}' has the shape {Shape.Create(shape)} for a batch of {rows} rows: without one row per row of the batch it cannot be given back to the callers.",
                    names[i], $"[{rows}, ...]", Shape.Create(shape).ToString());
        }
    }

    public TensorData[] Slice(int from, int count)
    {
        var bytes = Allocate(count);
        CopyTo(bytes, 0, from, count);
        return Wrap(bytes, count);
    }

    public byte[][] Allocate(int rows)
    {
        var bytes = new byte[_outputs.Count][];
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = new byte[checked(rows * RowBytes(i))];
        return bytes;
    }

    public void CopyTo(byte[][] target, int start, int from, int count)
    {
        for (var i = 0; i < target.Length; i++)
        {
            var size = RowBytes(i);
            TensorData.BytesOf(_outputs, i).Slice(from * size, count * size).CopyTo(target[i].AsSpan(start * size));
        }
    }

    public TensorData[] Wrap(byte[][] bytes, int rows)
    {
        var outputs = new TensorData[bytes.Length];
        for (var i = 0; i < outputs.Length; i++)
            outputs[i] = new(bytes[i], (DType)_outputs.DType(i), [rows, .. _outputs.Shape(i).Slice(1)]);
        return outputs;
    }

    private int RowBytes(int output) => TensorData.BytesOf(_outputs, output).Length / _rows;
}
