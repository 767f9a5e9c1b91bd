using System.Runtime.InteropServices;

namespace ExBurn;

// One operator per element type and rank: operators cannot be generic.
public readonly ref partial struct TensorView
{
    /// <summary>The elements of a one-dimensional array, with its shape.</summary>
    public static implicit operator TensorView(float[] values) => new(Check.NotNull(values), [values.Length]);

    /// <summary>The elements of a two-dimensional array, with its shape.</summary>
    public static implicit operator TensorView(float[,] values) => FromArray(Check.NotNull(values), DType.Float32);

    /// <summary>The elements of a three-dimensional array, with its shape.</summary>
    public static implicit operator TensorView(float[,,] values) => FromArray(Check.NotNull(values), DType.Float32);

    /// <summary>The elements of a four-dimensional array, with its shape.</summary>
    public static implicit operator TensorView(float[,,,] values) => FromArray(Check.NotNull(values), DType.Float32);

    /// <summary>The elements of a one-dimensional array, with its shape.</summary>
    public static implicit operator TensorView(double[] values) => new(Check.NotNull(values), [values.Length]);

    /// <summary>The elements of a two-dimensional array, with its shape.</summary>
    public static implicit operator TensorView(double[,] values) => FromArray(Check.NotNull(values), DType.Float64);

    /// <summary>The elements of a three-dimensional array, with its shape.</summary>
    public static implicit operator TensorView(double[,,] values) => FromArray(Check.NotNull(values), DType.Float64);

    /// <summary>The elements of a four-dimensional array, with its shape.</summary>
    public static implicit operator TensorView(double[,,,] values) => FromArray(Check.NotNull(values), DType.Float64);

    /// <summary>The elements of a one-dimensional array, with its shape.</summary>
    public static implicit operator TensorView(int[] values) => new(Check.NotNull(values), [values.Length]);

    /// <summary>The elements of a two-dimensional array, with its shape.</summary>
    public static implicit operator TensorView(int[,] values) => FromArray(Check.NotNull(values), DType.Int32);

    /// <summary>The elements of a three-dimensional array, with its shape.</summary>
    public static implicit operator TensorView(int[,,] values) => FromArray(Check.NotNull(values), DType.Int32);

    /// <summary>The elements of a four-dimensional array, with its shape.</summary>
    public static implicit operator TensorView(int[,,,] values) => FromArray(Check.NotNull(values), DType.Int32);

    /// <summary>The elements of a one-dimensional array, with its shape.</summary>
    public static implicit operator TensorView(long[] values) => new(Check.NotNull(values), [values.Length]);

    /// <summary>The elements of a two-dimensional array, with its shape.</summary>
    public static implicit operator TensorView(long[,] values) => FromArray(Check.NotNull(values), DType.Int64);

    /// <summary>The elements of a three-dimensional array, with its shape.</summary>
    public static implicit operator TensorView(long[,,] values) => FromArray(Check.NotNull(values), DType.Int64);

    /// <summary>The elements of a four-dimensional array, with its shape.</summary>
    public static implicit operator TensorView(long[,,,] values) => FromArray(Check.NotNull(values), DType.Int64);

    /// <summary>The elements of a one-dimensional array, with its shape.</summary>
    public static implicit operator TensorView(byte[] values) => new(Check.NotNull(values), [values.Length]);

    /// <summary>The elements of a two-dimensional array, with its shape.</summary>
    public static implicit operator TensorView(byte[,] values) => FromArray(Check.NotNull(values), DType.UInt8);

    /// <summary>The elements of a three-dimensional array, with its shape.</summary>
    public static implicit operator TensorView(byte[,,] values) => FromArray(Check.NotNull(values), DType.UInt8);

    /// <summary>The elements of a four-dimensional array, with its shape.</summary>
    public static implicit operator TensorView(byte[,,,] values) => FromArray(Check.NotNull(values), DType.UInt8);

    /// <summary>The elements of a one-dimensional array, with its shape.</summary>
    public static implicit operator TensorView(bool[] values) => new(Check.NotNull(values), [values.Length]);

    /// <summary>The elements of a two-dimensional array, with its shape.</summary>
    public static implicit operator TensorView(bool[,] values) => FromArray(Check.NotNull(values), DType.Bool);

    private static TensorView FromArray(Array values, DType dtype)
    {
        var sizes = new long[values.Rank];
        for (var i = 0; i < sizes.Length; i++)
            sizes[i] = values.GetLength(i);
        return new(BytesOf(values, dtype), dtype, sizes);
    }

    /// <summary>The memory of the array; netstandard2.0 has no way to it without a copy.</summary>
    private static ReadOnlySpan<byte> BytesOf(Array values, DType dtype)
    {
        var length = checked(values.Length * dtype.Size());
#if NETSTANDARD2_0
        var bytes = new byte[length];
        Buffer.BlockCopy(values, 0, bytes, 0, length);
        return bytes;
#else
        return MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetArrayDataReference(values), length);
#endif
    }
}
