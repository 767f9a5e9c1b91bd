namespace ExBurn.Native;

/// <summary>
/// The only caller of the native library: one managed method per export, one file per area. Loads the library, leases handles, pins arrays,
/// turns a status into an exception. The contract is <c>native/ABI.md</c>.
/// </summary>
internal static unsafe partial class BurnBridge
{
    /// <summary>Texts up to this size are encoded on the stack.</summary>
    private const int TextScratch = 512;

    /// <summary>Loads and checks the native library, once.</summary>
    /// <exception cref="NativeLibraryLoadException">It cannot be loaded or does not fit; the same answer each time.</exception>
    public static void EnsureLoaded() => NativeLibraryLoader.EnsureLoaded();

    /// <summary>Version, commit, features and target of the native library, as JSON.</summary>
    public static string BuildInfo()
    {
        EnsureLoaded();
        ExbBuffer buffer;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_build_info(&buffer, &error), error);
        return TakeText(buffer);
    }

    /// <summary>Sets the number of CPU worker threads; before their first use.</summary>
    public static void SetThreads(int count)
    {
        EnsureLoaded();
        ExbError* error;
        NativeError.Check(NativeMethods.exb_runtime_set_threads((ulong)Math.Max(count, 0), &error), error);
    }

    /// <summary>Number of native objects alive.</summary>
    public static long LiveHandles(HandleKind kind)
    {
        EnsureLoaded();
        return NativeMethods.exb_debug_live_handles((int)kind);
    }

    /// <summary>Panics inside the native guard, for the tests.</summary>
    public static void DebugPanic()
    {
        EnsureLoaded();
        ExbError* error;
        NativeError.Check(NativeMethods.exb_debug_panic(&error), error);
    }

    private static string TakeText(ExbBuffer buffer)
    {
        try
        {
            return Utf8.Read(buffer.data, buffer.len);
        }
        finally
        {
            NativeMethods.exb_buffer_free(buffer);
        }
    }

    private static byte[] TakeBytes(ExbBuffer buffer)
    {
        try
        {
            if (buffer.len > 0x7FFF_FFC7)
                throw new ExBurnException($"{buffer.len} bytes do not fit a .NET array; save to a file instead", ErrorCode.Unsupported);
            return new ReadOnlySpan<byte>(buffer.data, (int)buffer.len).ToArray();
        }
        finally
        {
            NativeMethods.exb_buffer_free(buffer);
        }
    }
}
