namespace ExBurn;

/// <summary>Element types do not fit together, or a type is not supported there.</summary>
public sealed class DTypeException : ExBurnException
{
    /// <summary>Creates an exception with a general message.</summary>
    public DTypeException()
        : this("Element types do not fit together.")
    {
    }

    /// <summary>Creates an exception.</summary>
    public DTypeException(string message)
        : this(message, null)
    {
    }

    /// <summary>Creates an exception with a cause.</summary>
    public DTypeException(string message, Exception? innerException)
        : base(message, ErrorCode.DType, innerException)
    {
    }

    /// <summary>What was needed, as text: a shape such as <c>[-1, 784]</c> (-1 stands for any size) or a type. Null if unknown.</summary>
    public string? Expected { get; init; }

    /// <summary>What was given, in the same form. Null if unknown.</summary>
    public string? Found { get; init; }
}
