namespace ExBurn;

/// <summary>
/// Type of the elements of an array, a tensor or a model. Models compute in <see cref="Float32"/> or <see cref="Float64"/>; a <see cref="Tensor"/>
/// holds these, <see cref="Float16"/>, <see cref="BFloat16"/>, <see cref="Int32"/> or <see cref="Bool"/>.
/// </summary>
public enum DType
{
    /// <summary>32-bit floating point, <c>float</c>.</summary>
    Float32 = 0,

    /// <summary>64-bit floating point, <c>double</c>.</summary>
    Float64 = 1,

    /// <summary>32-bit signed integer, <c>int</c>.</summary>
    Int32 = 2,

    /// <summary>64-bit signed integer, <c>long</c>.</summary>
    Int64 = 3,

    /// <summary>8-bit unsigned integer, <c>byte</c>.</summary>
    UInt8 = 4,

    /// <summary>True or false, <c>bool</c>: one byte.</summary>
    Bool = 5,

    /// <summary>
    /// 16-bit floating point of IEEE 754: 11 bits of mantissa, largest number 65504. For mixed precision and stored weights; host arrays hold its
    /// numbers as <c>float</c>.
    /// </summary>
    Float16 = 6,

    /// <summary>16-bit floating point with 8 bits of mantissa and the range of <see cref="Float32"/>; used as <see cref="Float16"/>.</summary>
    BFloat16 = 7,
}

/// <summary>Sizes and names of element types.</summary>
internal static class DTypes
{
    public static int Size(this DType dtype) => dtype switch
    {
        DType.Float64 or DType.Int64 => 8,
        DType.UInt8 or DType.Bool => 1,
        DType.Float16 or DType.BFloat16 => 2,
        _ => 4,
    };

    /// <summary>Whether it is one of the two floating-point types of 16 bits.</summary>
    public static bool IsHalf(this DType dtype) => dtype is DType.Float16 or DType.BFloat16;

    /// <summary>The name in the boundary's JSON.</summary>
    public static string NativeName(this DType dtype) => dtype switch
    {
        DType.Float32 => "f32",
        DType.Float64 => "f64",
        DType.Int32 => "i32",
        DType.Int64 => "i64",
        DType.UInt8 => "u8",
        DType.Bool => "bool",
        DType.Float16 => "f16",
        DType.BFloat16 => "bf16",
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "unknown element type"),
    };

    public static DType FromNativeName(string name) => name switch
    {
        "f32" => DType.Float32,
        "f64" => DType.Float64,
        "i32" => DType.Int32,
        "i64" => DType.Int64,
        "u8" => DType.UInt8,
        "bool" => DType.Bool,
        "f16" => DType.Float16,
        "bf16" => DType.BFloat16,
        _ => throw new DTypeException($"element type '{name}' is not supported"),
    };

    public static DType Of<T>() where T : unmanaged
        => typeof(T) == typeof(float) ? DType.Float32
            : typeof(T) == typeof(double) ? DType.Float64
            : typeof(T) == typeof(int) ? DType.Int32
            : typeof(T) == typeof(long) ? DType.Int64
            : typeof(T) == typeof(byte) ? DType.UInt8
            : typeof(T) == typeof(bool) ? DType.Bool
            : throw new DTypeException($"arrays of {typeof(T).Name} are not supported; use float, double, int, long, byte or bool");
}
