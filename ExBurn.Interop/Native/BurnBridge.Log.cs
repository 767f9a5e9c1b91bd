using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ExBurn.Native;

internal static unsafe partial class BurnBridge
{
    private static readonly object LogGate = new();
    private static volatile INativeLogSink? _logSink;

    /// <summary>Sets the receiver of native log records up to a level, which is held natively. Null clears and waits for running writers.</summary>
    public static void SetLogSink(INativeLogSink? sink, NativeLogLevel maxLevel)
    {
        EnsureLoaded();
        lock (LogGate)
        {
            ExbError* error;
            if (sink == null)
            {
                NativeError.Check(NativeMethods.exb_log_set_sink(null, null, 0, &error), error);
                _logSink = null;
                return;
            }
            var before = _logSink;
            _logSink = sink;
            var status = NativeMethods.exb_log_set_sink(LogCallback, null, (int)maxLevel, &error);
            if (status != 0)
                _logSink = before;
            NativeError.Check(status, error);
        }
    }

    private static void OnLog(void* state, int level, byte* target, nuint targetLength, byte* message, nuint messageLength)
    {
        try
        {
            _logSink?.Write((NativeLogLevel)level, Utf8.Read(target, targetLength), Utf8.Read(message, messageLength));
        }
        catch (Exception)
        {
            // A logger that fails must not end the process, which an exception leaving this method would do.
        }
    }

#if NET8_0_OR_GREATER
    private static delegate* unmanaged[Cdecl]<void*, int, byte*, nuint, byte*, nuint, void> LogCallback => &OnLogNative;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnLogNative(void* state, int level, byte* target, nuint targetLength, byte* message, nuint messageLength)
        => OnLog(state, level, target, targetLength, message, messageLength);
#else
    // The field keeps the delegate, and with it the native entry, alive.
    private static readonly LogDelegate LogEntry = OnLog;

    private static delegate* unmanaged[Cdecl]<void*, int, byte*, nuint, byte*, nuint, void> LogCallback
        => (delegate* unmanaged[Cdecl]<void*, int, byte*, nuint, byte*, nuint, void>)Marshal.GetFunctionPointerForDelegate(LogEntry);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate void LogDelegate(void* state, int level, byte* target, nuint targetLength, byte* message, nuint messageLength);
#endif
}
