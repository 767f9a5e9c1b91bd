namespace ExBurn;

/// <summary>A data file is truncated, damaged, of another format, or does not agree with its partner.</summary>
public sealed class DataFormatException : ExBurnException
{
    /// <summary>Creates an exception with a general message.</summary>
    public DataFormatException()
        : this("A data file is not well formed.")
    {
    }

    /// <summary>Creates an exception.</summary>
    public DataFormatException(string message)
        : this(message, null)
    {
    }

    /// <summary>Creates an exception with a cause.</summary>
    public DataFormatException(string message, Exception? innerException)
        : base(message, ErrorCode.Format, innerException)
    {
    }

    /// <summary>Creates an exception with its facts.</summary>
    /// <param name="file">The file, or the name of the stream.</param>
    /// <param name="part">What in it is wrong.</param>
    /// <param name="expected">What should be there.</param>
    /// <param name="found">What is there.</param>
    /// <param name="innerException">The cause, if there is one.</param>
    public DataFormatException(string file, string part, string expected, string found, Exception? innerException = null)
        : this($"'{file}': {part}: expected {expected}; found {found}.", innerException)
    {
        Subject = file;
        Part = part;
        Expected = expected;
        Found = found;
    }

    /// <summary>The file, or the name of the stream; null if unknown.</summary>
    public string? File => Subject;

    /// <summary>What in the file is wrong, for instance <c>magic number</c>; null if unknown.</summary>
    public string? Part { get; }

    /// <summary>What should be there; null if unknown.</summary>
    public string? Expected { get; }

    /// <summary>What is there; null if unknown.</summary>
    public string? Found { get; }
}
