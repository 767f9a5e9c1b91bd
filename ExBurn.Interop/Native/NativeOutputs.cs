namespace ExBurn.Native;

/// <summary>
/// Arrays that a native call gave out. A struct over native memory, so that predicting allocates nothing managed; it must be disposed,
/// and the spans end with it.
/// </summary>
internal unsafe ref struct NativeOutputs
{
    private ExbOutputs* _outputs;

    internal NativeOutputs(ExbOutputs* outputs)
    {
        _outputs = outputs;
        nuint count;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_outputs_count(outputs, &count, &error), error);
        Count = checked((int)count);
    }

    public int Count { get; }

    public readonly NativeDType DType(int index) => (NativeDType)Get(index).dtype;

    public readonly ReadOnlySpan<long> Shape(int index)
    {
        var array = Get(index);
        return new ReadOnlySpan<long>(array.shape, checked((int)array.rank));
    }

    /// <exception cref="InvalidOperationException">Another element type, or more elements than a span can hold.</exception>
    public readonly ReadOnlySpan<T> Data<T>(int index) where T : unmanaged
    {
        var array = Get(index);
        if (array.dtype != (int)ArrayInput.ElementType<T>())
            throw new InvalidOperationException($"output {index} holds {(NativeDType)array.dtype}, not {typeof(T)}");
        var count = array.byte_len / (nuint)sizeof(T);
        if (count > int.MaxValue)
            throw new InvalidOperationException($"output {index} has {count} elements, more than a span can hold; predict in smaller batches");
        return new ReadOnlySpan<T>(array.data, (int)count);
    }

    public void Dispose()
    {
        var outputs = _outputs;
        _outputs = null;
        NativeMethods.exb_outputs_free(outputs);
    }

    private readonly ExbArray Get(int index)
    {
        if (_outputs == null)
            throw new ObjectDisposedException(nameof(NativeOutputs));
        ExbArray array;
        ExbError* error;
        array.struct_size = (uint)sizeof(ExbArray);
        NativeError.Check(NativeMethods.exb_outputs_array(_outputs, (nuint)index, &array, &error), error);
        return array;
    }
}
