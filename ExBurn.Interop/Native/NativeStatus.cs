namespace ExBurn.Native;

/// <summary>Status numbers of the boundary. Names and numbers are compared with the library's at load.</summary>
internal enum NativeStatus
{
    Ok = 0,
    InvalidArgument = 1,
    NullArgument = 2,
    BadHandle = 3,
    Shape = 4,
    DType = 5,
    Device = 6,
    OutOfMemory = 7,
    Unsupported = 8,
    Io = 9,
    Format = 10,
    NotFound = 11,
    Busy = 12,
    Cancelled = 13,
    Callback = 14,
    Numerical = 15,
    Poisoned = 16,
    Abi = 17,
    Internal = 99,
}

/// <summary>The names of <see cref="NativeStatus"/> at the boundary.</summary>
internal static class NativeStatusNames
{
    public static readonly (NativeStatus Status, string Name)[] All =
    [
        (NativeStatus.Ok, "OK"),
        (NativeStatus.InvalidArgument, "INVALID_ARGUMENT"),
        (NativeStatus.NullArgument, "NULL_ARGUMENT"),
        (NativeStatus.BadHandle, "BAD_HANDLE"),
        (NativeStatus.Shape, "SHAPE"),
        (NativeStatus.DType, "DTYPE"),
        (NativeStatus.Device, "DEVICE"),
        (NativeStatus.OutOfMemory, "OUT_OF_MEMORY"),
        (NativeStatus.Unsupported, "UNSUPPORTED"),
        (NativeStatus.Io, "IO"),
        (NativeStatus.Format, "FORMAT"),
        (NativeStatus.NotFound, "NOT_FOUND"),
        (NativeStatus.Busy, "BUSY"),
        (NativeStatus.Cancelled, "CANCELLED"),
        (NativeStatus.Callback, "CALLBACK"),
        (NativeStatus.Numerical, "NUMERICAL"),
        (NativeStatus.Poisoned, "POISONED"),
        (NativeStatus.Abi, "ABI"),
        (NativeStatus.Internal, "INTERNAL"),
    ];
}

/// <summary>Kinds of native objects that are counted.</summary>
internal enum HandleKind
{
    All = -1,
    Error = 0,
    Device = 1,
    Dataset = 2,
    Model = 3,
    Predictor = 4,
    Cancel = 5,
    Outputs = 6,
    Buffer = 7,
    Checkpoint = 8,
    Gradients = 9,
    Weights = 10,
    Tensor = 11,
    TensorOptimizer = 12,
}

/// <summary>Element types of the boundary.</summary>
internal enum NativeDType
{
    F32 = 0,
    F64 = 1,
    I32 = 2,
    I64 = 3,
    U8 = 4,
}

/// <summary>What an array of a dataset is for.</summary>
internal enum DatasetRole
{
    Input = 0,
    Target = 1,
    Weight = 2,
}

/// <summary>Levels of native log records.</summary>
internal enum NativeLogLevel
{
    Off = 0,
    Error = 1,
    Warn = 2,
    Info = 3,
    Debug = 4,
    Trace = 5,
}
