namespace ExBurn;

/// <summary>
/// The native library cannot be loaded, or does not belong to this version of the managed one. The message says for which platform it was
/// looked for, where, what the system's loader answered, and what to do.
/// </summary>
public sealed class NativeLibraryLoadException : ExBurnException
{
    /// <summary>Creates an exception with a general message.</summary>
    public NativeLibraryLoadException()
        : this("The native library of ExBurn.Interop cannot be loaded.")
    {
    }

    /// <summary>Creates an exception.</summary>
    public NativeLibraryLoadException(string message)
        : this(message, null)
    {
    }

    /// <summary>Creates an exception with a cause.</summary>
    public NativeLibraryLoadException(string message, Exception? innerException)
        : base(message, ErrorCode.LibraryLoad, innerException)
    {
    }

    internal NativeLibraryLoadException(string message, ErrorCode errorCode)
        : base(message, errorCode)
    {
    }

    /// <summary>The platform that the library was looked for, such as <c>linux-x64</c>.</summary>
    public string RuntimeIdentifier { get; init; } = "";

    /// <summary>Every path that was tried, in order.</summary>
    public IReadOnlyList<string> TriedPaths { get; init; } = [];
}
