namespace ExBurn;

/// <summary>Type of the elements of a tensor in a file.</summary>
public enum StoredType
{
    /// <summary>32-bit floating point.</summary>
    Float32 = 0,

    /// <summary>64-bit floating point.</summary>
    Float64 = 1,

    /// <summary>16-bit floating point: 11 significant bits, finite up to 65504.</summary>
    Float16 = 2,

    /// <summary>16-bit floating point with the range of <see cref="Float32"/> and 8 significant bits.</summary>
    BFloat16 = 3,

    /// <summary>64-bit signed integer.</summary>
    Int64 = 4,

    /// <summary>32-bit signed integer.</summary>
    Int32 = 5,

    /// <summary>16-bit signed integer.</summary>
    Int16 = 6,

    /// <summary>8-bit signed integer.</summary>
    Int8 = 7,

    /// <summary>8-bit unsigned integer.</summary>
    UInt8 = 8,

    /// <summary>Truth value, one byte.</summary>
    Bool = 9,

    /// <summary>A type that is listed and not read: complex numbers, 8-bit floats, wide unsigned integers.</summary>
    Other = 10,
}

/// <summary>The names of element types in safetensors headers.</summary>
internal static class StoredTypes
{
    private static readonly string[] Names = ["F32", "F64", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "BOOL"];

    public static string FileName(this StoredType type) => Names[(int)type];

    public static StoredType FromFileName(string name)
        => Array.IndexOf(Names, name) is >= 0 and var index ? (StoredType)index : StoredType.Other;
}
