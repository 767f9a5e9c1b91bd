namespace ExBurn;

/// <summary>A state cannot be saved or loaded: the file, its format, or entries that do not fit the model. After a failed load the model is unchanged; <see cref="ExBurnException.DetailJson"/> holds the report, if there is one.</summary>
public sealed class CheckpointException : ExBurnException
{
    /// <summary>Creates an exception with a general message.</summary>
    public CheckpointException()
        : this("The state cannot be saved or loaded.")
    {
    }

    /// <summary>Creates an exception with <see cref="ErrorCode.Format"/>.</summary>
    public CheckpointException(string message)
        : this(message, ErrorCode.Format)
    {
    }

    /// <summary>Creates an exception with <see cref="ErrorCode.Format"/> and a cause.</summary>
    public CheckpointException(string message, Exception? innerException)
        : this(message, ErrorCode.Format, innerException)
    {
    }

    /// <summary>Creates an exception.</summary>
    public CheckpointException(string message, ErrorCode errorCode, Exception? innerException = null)
        : base(message, errorCode, innerException)
    {
    }
}
