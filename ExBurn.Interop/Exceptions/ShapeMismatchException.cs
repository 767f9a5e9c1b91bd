namespace ExBurn;

/// <summary>Shapes do not fit together. The message names the layer, the expected and the found shape.</summary>
public sealed class ShapeMismatchException : ExBurnException
{
    /// <summary>Creates an exception with a general message.</summary>
    public ShapeMismatchException()
        : this("Shapes do not fit together.")
    {
    }

    /// <summary>Creates an exception.</summary>
    public ShapeMismatchException(string message)
        : this(message, null)
    {
    }

    /// <summary>Creates an exception with a cause.</summary>
    public ShapeMismatchException(string message, Exception? innerException)
        : base(message, ErrorCode.Shape, innerException)
    {
    }

    /// <summary>Creates an exception with its facts.</summary>
    /// <param name="message">The message.</param>
    /// <param name="layer">Name of the layer or argument.</param>
    /// <param name="expected">The shape that was needed.</param>
    /// <param name="found">The shape that was given.</param>
    public ShapeMismatchException(string message, string? layer, string? expected, string? found)
        : this(message, null)
    {
        Subject = layer;
        Expected = expected;
        Found = found;
    }

    /// <summary>Name of the layer or argument where the shapes meet; null if unknown.</summary>
    public string? Layer => Subject;

    /// <summary>What was needed, as text: a shape such as <c>[-1, 784]</c> (-1 stands for any size) or a type. Null if unknown.</summary>
    public string? Expected { get; init; }

    /// <summary>What was given, in the same form. Null if unknown.</summary>
    public string? Found { get; init; }
}
