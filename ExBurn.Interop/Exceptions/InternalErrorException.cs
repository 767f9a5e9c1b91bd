namespace ExBurn;

/// <summary>
/// An error inside the native library (a panic that was caught). The process lives on; the object that was in use is poisoned: dispose it.
/// Please report it with <see cref="Exception.Message"/>, <see cref="Location"/> and <see cref="NativeBacktrace"/>.
/// </summary>
public sealed class InternalErrorException : ExBurnException
{
    /// <summary>Creates an exception with a general message.</summary>
    public InternalErrorException()
        : this("An internal error happened.")
    {
    }

    /// <summary>Creates an exception.</summary>
    public InternalErrorException(string message)
        : this(message, null)
    {
    }

    /// <summary>Creates an exception with a cause.</summary>
    public InternalErrorException(string message, Exception? innerException)
        : base(message, ErrorCode.Internal, innerException)
    {
    }

    /// <summary>Where in the native source it happened: file, line, column. Null if unknown.</summary>
    public string? Location { get; init; }

    /// <summary>Native thread and backtrace. Null if unknown.</summary>
    public string? NativeBacktrace { get; init; }
}
