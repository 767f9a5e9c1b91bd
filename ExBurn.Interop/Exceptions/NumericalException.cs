namespace ExBurn;

/// <summary>A loss or another number is NaN or infinite where it must be finite.</summary>
public sealed class NumericalException : ExBurnException
{
    /// <summary>Creates an exception with a general message.</summary>
    public NumericalException()
        : this("A number is not finite.")
    {
    }

    /// <summary>Creates an exception.</summary>
    public NumericalException(string message)
        : this(message, null)
    {
    }

    /// <summary>Creates an exception with a cause.</summary>
    public NumericalException(string message, Exception? innerException)
        : base(message, ErrorCode.Numerical, innerException)
    {
    }
}
