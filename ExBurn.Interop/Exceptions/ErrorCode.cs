namespace ExBurn;

/// <summary>What kind of failure an <see cref="ExBurnException"/> reports. The numbers are those of the native library and never change.</summary>
public enum ErrorCode
{
    /// <summary>No failure.</summary>
    None = 0,

    /// <summary>An argument has a value that is not allowed.</summary>
    InvalidArgument = 1,

    /// <summary>Something that is required is missing.</summary>
    NullArgument = 2,

    /// <summary>A native object is not what the call needs, or is freed.</summary>
    BadHandle = 3,

    /// <summary>Shapes do not fit together.</summary>
    Shape = 4,

    /// <summary>Element types do not fit together.</summary>
    DType = 5,

    /// <summary>A device is missing or has failed.</summary>
    Device = 6,

    /// <summary>Memory of the host or of the device is used up.</summary>
    OutOfMemory = 7,

    /// <summary>The operation does not exist for these arguments.</summary>
    Unsupported = 8,

    /// <summary>A file cannot be read or written.</summary>
    IO = 9,

    /// <summary>A file or a description is not well formed, or of an unknown version.</summary>
    Format = 10,

    /// <summary>A name or an index does not exist.</summary>
    NotFound = 11,

    /// <summary>The object is in use by another call. One model works on one thread at a time.</summary>
    Busy = 12,

    /// <summary>The caller cancelled.</summary>
    Cancelled = 13,

    /// <summary>A callback failed.</summary>
    Callback = 14,

    /// <summary>A number is not finite where it must be.</summary>
    Numerical = 15,

    /// <summary>The object was in use when an internal error happened and cannot be used any more.</summary>
    Poisoned = 16,

    /// <summary>Managed and native library do not belong together.</summary>
    Abi = 17,

    /// <summary>The native library cannot be loaded.</summary>
    LibraryLoad = 18,

    /// <summary>An error inside the library.</summary>
    Internal = 99,
}
