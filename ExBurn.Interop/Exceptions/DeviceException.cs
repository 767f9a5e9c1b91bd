namespace ExBurn;

/// <summary>A device is missing, cannot start or has failed (<see cref="ErrorCode.Device"/>), or was broken by an internal error (<see cref="ErrorCode.Poisoned"/>).</summary>
public sealed class DeviceException : ExBurnException
{
    /// <summary>Creates an exception with a general message.</summary>
    public DeviceException()
        : this("The device cannot be used.")
    {
    }

    /// <summary>Creates an exception with <see cref="ErrorCode.Device"/>.</summary>
    public DeviceException(string message)
        : this(message, ErrorCode.Device)
    {
    }

    /// <summary>Creates an exception with <see cref="ErrorCode.Device"/> and a cause.</summary>
    public DeviceException(string message, Exception? innerException)
        : this(message, ErrorCode.Device, innerException)
    {
    }

    /// <summary>Creates an exception.</summary>
    public DeviceException(string message, ErrorCode errorCode, Exception? innerException = null)
        : base(message, errorCode, innerException)
    {
    }
}
