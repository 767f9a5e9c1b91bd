using System.Runtime.ExceptionServices;
using System.Text.Json;

namespace ExBurn.Native;

/// <summary>What the caller of a native function knows about it that changes the exception.</summary>
internal readonly record struct CallContext
{
    /// <summary>The call loads or saves a state: its failures are <see cref="CheckpointException"/>.</summary>
    public bool IsStore { get; init; }

    /// <summary>The token whose cancelling the native cancel flag stands for.</summary>
    public CancellationToken Token { get; init; }

    /// <summary>What a callback of ours threw during the call.</summary>
    public Exception? Thrown { get; init; }
}

/// <summary>Turns a status and an owned native error into an exception. Nothing else does.</summary>
internal static unsafe class NativeError
{
    /// <summary>Throws if the status is not OK; takes the error over.</summary>
    public static void Check(int status, ExbError* error, in CallContext context = default)
    {
        if (status != (int)NativeStatus.Ok)
            Throw(status, error, context);
    }

    private static void Throw(int status, ExbError* error, in CallContext context)
    {
        string? message, subject, detail, trace;
        try
        {
            message = Text(error, 0);
            subject = Text(error, 1);
            detail = Text(error, 2);
            trace = Text(error, 3);
        }
        finally
        {
            NativeMethods.exb_error_free(error);
        }
        if (context.Thrown is { } thrown && status == (int)NativeStatus.Callback)
            ExceptionDispatchInfo.Capture(thrown).Throw();
        throw Create((NativeStatus)status, message ?? $"the native library returned status {status}", subject, detail, trace, context);
    }

    private static Exception Create(
        NativeStatus status, string message, string? subject, string? detail, string? trace, in CallContext context)
    {
        if (context.IsStore && status is NativeStatus.Io or NativeStatus.Format or NativeStatus.NotFound or NativeStatus.Shape or NativeStatus.DType)
            return new CheckpointException(message, (ErrorCode)status) { Subject = subject, DetailJson = detail };
        switch (status)
        {
            case NativeStatus.InvalidArgument or NativeStatus.NullArgument:
                return new ArgumentException(message);
            case NativeStatus.Shape:
                return new ShapeMismatchException(message)
                {
                    Subject = subject,
                    DetailJson = detail,
                    Expected = Fact(detail, "expected"),
                    Found = Fact(detail, "found"),
                };
            case NativeStatus.DType:
                return new DTypeException(message)
                {
                    Subject = subject,
                    DetailJson = detail,
                    Expected = Fact(detail, "expected"),
                    Found = Fact(detail, "found"),
                };
            case NativeStatus.Device:
            case NativeStatus.Poisoned when subject is not ("model" or "dataset"):
                return new DeviceException(message, (ErrorCode)status) { Subject = subject, DetailJson = detail };
            case NativeStatus.NotFound:
                return new NameNotFoundException(message) { Subject = subject, DetailJson = detail };
            case NativeStatus.Cancelled:
                return new OperationCanceledException(message, context.Token);
            case NativeStatus.Numerical:
                return new NumericalException(message) { Subject = subject, DetailJson = detail };
            case NativeStatus.Internal:
                var end = trace?.IndexOf('\n') ?? -1;
                return new InternalErrorException(message)
                {
                    Subject = subject,
                    DetailJson = detail,
                    Location = end < 0 ? trace : trace!.Substring(0, end),
                    NativeBacktrace = end < 0 ? null : trace!.Substring(end + 1),
                };
            default:
                return new ExBurnException(message, (ErrorCode)status) { Subject = subject, DetailJson = detail };
        }
    }

    private static string? Text(ExbError* error, int field)
    {
        byte* text;
        nuint length;
        return error != null && NativeMethods.exb_error_text(error, field, &text, &length) == 0 && text != null
            ? Utf8.Read(text, length)
            : null;
    }

    /// <summary>A member of the detail as text: a string as it is, anything else as JSON.</summary>
    private static string? Fact(string? detail, string name)
    {
        if (detail == null)
            return null;
        using var document = JsonDocument.Parse(detail);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty(name, out var fact))
            return null;
        return fact.ValueKind == JsonValueKind.String ? fact.GetString() : fact.GetRawText();
    }
}
