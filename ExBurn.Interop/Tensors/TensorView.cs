using System.Runtime.InteropServices;
using ExBurn.Native;

namespace ExBurn;

/// <summary>
/// Borrowed values with a shape, row-major: what every call that takes data accepts. Nothing is copied.
/// <c>new TensorView(values, [32, 784])</c>; one- and many-dimensional arrays convert by themselves.
/// </summary>
public readonly ref partial struct TensorView
{
    internal TensorView(ReadOnlySpan<byte> bytes, DType dtype, Shape shape)
    {
        var count = bytes.Length / dtype.Size();
        if (!shape.IsKnown)
            throw new ArgumentException($"The shape {shape} of data must be known in every dimension.", nameof(shape));
        if (shape.ElementCount != count)
            throw new ArgumentException($"The shape {shape} has {shape.ElementCount} elements, but {count} values are given.", nameof(shape));
        Bytes = bytes;
        DType = dtype;
        Shape = shape;
    }

    /// <summary>Values of 32-bit floating point.</summary>
    /// <exception cref="ArgumentException">The shape has another number of elements.</exception>
    public TensorView(ReadOnlySpan<float> values, Shape shape) : this(MemoryMarshal.AsBytes(values), DType.Float32, shape)
    {
    }

    /// <summary>Values of 64-bit floating point.</summary>
    /// <inheritdoc cref="TensorView(ReadOnlySpan{float}, Shape)"/>
    public TensorView(ReadOnlySpan<double> values, Shape shape) : this(MemoryMarshal.AsBytes(values), DType.Float64, shape)
    {
    }

    /// <summary>32-bit integers.</summary>
    /// <inheritdoc cref="TensorView(ReadOnlySpan{float}, Shape)"/>
    public TensorView(ReadOnlySpan<int> values, Shape shape) : this(MemoryMarshal.AsBytes(values), DType.Int32, shape)
    {
    }

    /// <summary>64-bit integers.</summary>
    /// <inheritdoc cref="TensorView(ReadOnlySpan{float}, Shape)"/>
    public TensorView(ReadOnlySpan<long> values, Shape shape) : this(MemoryMarshal.AsBytes(values), DType.Int64, shape)
    {
    }

    /// <summary>Bytes, as numbers from 0 to 255.</summary>
    /// <inheritdoc cref="TensorView(ReadOnlySpan{float}, Shape)"/>
    public TensorView(ReadOnlySpan<byte> values, Shape shape) : this(values, DType.UInt8, shape)
    {
    }

    /// <summary>Truth values. Where numbers are needed, true is 1.</summary>
    /// <inheritdoc cref="TensorView(ReadOnlySpan{float}, Shape)"/>
    public TensorView(ReadOnlySpan<bool> values, Shape shape) : this(MemoryMarshal.AsBytes(values), DType.Bool, shape)
    {
    }

    /// <summary>Type of the elements.</summary>
    public DType DType { get; }

    /// <summary>The whole shape, the batch dimension included.</summary>
    public Shape Shape { get; }

    /// <summary>Size of the first dimension; 1 for a scalar.</summary>
    public long Rows => Shape.Rank == 0 ? 1 : Shape[0];

    internal ReadOnlySpan<byte> Bytes { get; }

    /// <summary>The elements.</summary>
    /// <exception cref="DTypeException"><typeparamref name="T"/> is not the element type.</exception>
    public ReadOnlySpan<T> AsSpan<T>() where T : unmanaged
        => DTypes.Of<T>() == DType
            ? MemoryMarshal.Cast<byte, T>(Bytes)
            : throw new DTypeException($"the values are {DType}, not {DTypes.Of<T>()}");

    /// <summary>Copies values and shape into an object that may be kept.</summary>
    public TensorData ToData() => new(this);

    /// <inheritdoc/>
    public override string ToString() => $"{DType} {Shape}";

    internal ArrayInput ToInput() => DType switch
    {
        DType.Float32 => ArrayInput.Create(MemoryMarshal.Cast<byte, float>(Bytes), Shape.AsSpan()),
        DType.Float64 => ArrayInput.Create(MemoryMarshal.Cast<byte, double>(Bytes), Shape.AsSpan()),
        DType.Int32 => ArrayInput.Create(MemoryMarshal.Cast<byte, int>(Bytes), Shape.AsSpan()),
        DType.Int64 => ArrayInput.Create(MemoryMarshal.Cast<byte, long>(Bytes), Shape.AsSpan()),
        _ => ArrayInput.Create(Bytes, Shape.AsSpan()),
    };
}
