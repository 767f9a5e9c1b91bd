namespace ExBurn;

/// <summary>A name, pattern or index stands for nothing.</summary>
public sealed class NameNotFoundException : ExBurnException
{
    /// <summary>Creates an exception with a general message.</summary>
    public NameNotFoundException()
        : this("The name was not found.")
    {
    }

    /// <summary>Creates an exception.</summary>
    public NameNotFoundException(string message)
        : this(message, null)
    {
    }

    /// <summary>Creates an exception with a cause.</summary>
    public NameNotFoundException(string message, Exception? innerException)
        : base(message, ErrorCode.NotFound, innerException)
    {
    }
}
