namespace ExBurn;

/// <summary>
/// A failure of the library. The children say which kind; this root itself is thrown for what has no child of its own,
/// such as an object in use by another thread (<see cref="ErrorCode.Busy"/>).
/// </summary>
public class ExBurnException : Exception
{
    /// <summary>Creates an exception with <see cref="ErrorCode.Internal"/>.</summary>
    public ExBurnException()
        : this("An operation of ExBurn failed.")
    {
    }

    /// <summary>Creates an exception with <see cref="ErrorCode.Internal"/>.</summary>
    public ExBurnException(string message)
        : this(message, ErrorCode.Internal)
    {
    }

    /// <summary>Creates an exception with <see cref="ErrorCode.Internal"/> and a cause.</summary>
    public ExBurnException(string message, Exception? innerException)
        : this(message, ErrorCode.Internal, innerException)
    {
    }

    /// <summary>Creates an exception.</summary>
    public ExBurnException(string message, ErrorCode errorCode, Exception? innerException = null)
        : base(message, innerException) => ErrorCode = errorCode;

    /// <summary>Kind of the failure.</summary>
    public ErrorCode ErrorCode { get; }

    /// <summary>What the failure is about: a layer, parameter, file or argument. Null if nothing in particular.</summary>
    public string? Subject { get; init; }

    /// <summary>Facts of the failure as a JSON object, such as the report of a load. Null if there are none.</summary>
    public string? DetailJson { get; init; }

    /// <summary>One line for a log: <c>[ExBurn:Shape] message | subject: fc1 | details: {...}</c>; parts that are missing are left out.</summary>
    public string ToLogString()
        => $"[ExBurn:{ErrorCode}] {Message}{(Subject is null ? "" : $" | subject: {Subject}")}{(DetailJson is null ? "" : $" | details: {DetailJson}")}";
}
