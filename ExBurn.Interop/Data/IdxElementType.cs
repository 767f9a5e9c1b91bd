namespace ExBurn;

/// <summary>Element type of an <see cref="IdxFile"/>; the values are the codes in the file.</summary>
public enum IdxElementType
{
    /// <summary>Unsigned byte.</summary>
    UInt8 = 0x08,

    /// <summary>Signed byte.</summary>
    Int8 = 0x09,

    /// <summary>16-bit signed integer, big-endian in the file.</summary>
    Int16 = 0x0B,

    /// <summary>32-bit signed integer, big-endian in the file.</summary>
    Int32 = 0x0C,

    /// <summary>32-bit floating point, big-endian in the file.</summary>
    Float32 = 0x0D,

    /// <summary>64-bit floating point, big-endian in the file.</summary>
    Float64 = 0x0E,
}
