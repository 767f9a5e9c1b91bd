using System.Diagnostics;
using System.Runtime.InteropServices;
using ExBurn.Native;

namespace ExBurn;

/// <summary>An array in managed memory: values, element type and shape, row-major. Immutable, safe to share between threads.</summary>
[DebuggerDisplay("{ToString(),nq}")]
public sealed class TensorData
{
    private readonly byte[] _bytes;

    /// <summary>Copies values and shape.</summary>
    public TensorData(TensorView view) : this(view.Bytes.ToArray(), view.DType, view.Shape)
    {
    }

    /// <summary>Takes the bytes without a copy; nobody else may hold them.</summary>
    internal TensorData(byte[] bytes, DType dtype, Shape shape)
    {
        _bytes = bytes;
        DType = dtype;
        Shape = shape;
    }

    /// <summary>Type of the elements.</summary>
    public DType DType { get; }

    /// <summary>The whole shape, the batch dimension included.</summary>
    public Shape Shape { get; }

    /// <summary>The array as a view, without a copy.</summary>
    public TensorView View => new(_bytes, DType, Shape);

    /// <summary>The array as a view, without a copy.</summary>
    public static implicit operator TensorView(TensorData data) => Check.NotNull(data).View;

    /// <summary>The elements, without a copy.</summary>
    /// <exception cref="DTypeException"><typeparamref name="T"/> is not the element type.</exception>
    public ReadOnlySpan<T> AsSpan<T>() where T : unmanaged => View.AsSpan<T>();

    /// <summary>The elements as 32-bit floats, converted where the element type is another.</summary>
    public float[] ToSingles()
    {
        var result = new float[checked((int)Shape.ElementCount)];
        CopyTo(result);
        return result;
    }

    /// <summary>The elements as 64-bit floats, converted where the element type is another.</summary>
    public double[] ToDoubles()
    {
        var result = new double[checked((int)Shape.ElementCount)];
        for (var i = 0; i < result.Length; i++)
            result[i] = Element(i);
        return result;
    }

    /// <summary>Reads as <c>Float32 [2, 3]</c>.</summary>
    public override string ToString() => $"{DType} {Shape}";

    internal ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>The bytes themselves, to be pinned; nobody may write to them.</summary>
    internal byte[] Buffer => _bytes;

    /// <summary>A copy of one result of a native call.</summary>
    internal static TensorData FromNative(NativeOutputs outputs, int index)
        => new(BytesOf(outputs, index).ToArray(), (DType)outputs.DType(index), Shape.Create(outputs.Shape(index)));

    /// <summary>One result of a native call as it lies in native memory.</summary>
    internal static ReadOnlySpan<byte> BytesOf(NativeOutputs outputs, int index) => (DType)outputs.DType(index) switch
    {
        DType.Float32 => MemoryMarshal.AsBytes(outputs.Data<float>(index)),
        DType.Float64 => MemoryMarshal.AsBytes(outputs.Data<double>(index)),
        DType.Int32 => MemoryMarshal.AsBytes(outputs.Data<int>(index)),
        DType.Int64 => MemoryMarshal.AsBytes(outputs.Data<long>(index)),
        _ => outputs.Data<byte>(index),
    };

    private void CopyTo(Span<float> result)
    {
        if (DType == DType.Float32)
        {
            AsSpan<float>().CopyTo(result);
            return;
        }
        for (var i = 0; i < result.Length; i++)
            result[i] = (float)Element(i);
    }

    private double Element(int index) => DType switch
    {
        DType.Float32 => AsSpan<float>()[index],
        DType.Float64 => AsSpan<double>()[index],
        DType.Int32 => AsSpan<int>()[index],
        DType.Int64 => AsSpan<long>()[index],
        _ => _bytes[index],
    };
}
