using System.Reflection;
using System.Runtime.InteropServices;

namespace ExBurn.Native;

/// <summary>The system's loader.</summary>
internal static partial class NativeLibraryLoader
{
#if NET8_0_OR_GREATER
    private static nint TryLoadFile(string file, out string answer)
    {
        try
        {
            answer = "loaded";
            return NativeLibrary.Load(file);
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            answer = OneLine(error);
            return 0;
        }
    }

    private static nint TryLoadByName(out string answer)
    {
        try
        {
            answer = "loaded";
            return NativeLibrary.Load(NativePlatform.LibraryName, typeof(NativeLibraryLoader).Assembly, null);
        }
        catch (Exception error) when (error is DllNotFoundException or BadImageFormatException)
        {
            answer = OneLine(error);
            return 0;
        }
    }

    /// <summary>Makes the imports use the library that was found.</summary>
    private static void Register(nint library)
    {
        try
        {
            NativeLibrary.SetDllImportResolver(typeof(NativeLibraryLoader).Assembly, Resolve);
        }
        catch (InvalidOperationException)
        {
            // The application has set a resolver for this assembly; then its choice counts.
        }

        nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
            => name == NativePlatform.LibraryName ? library : 0;
    }
#else
    private static nint TryLoadFile(string file, out string answer)
        => NativePlatform.IsWindows ? LoadWindows(file, out answer) : LoadUnix(file, out answer);

    private static nint TryLoadByName(out string answer) => TryLoadFile(NativePlatform.FileName, out answer);

    /// <summary>A library that is loaded already is found by its name: on Windows by the file's, elsewhere by its soname.</summary>
    private static void Register(nint library)
    {
    }

    private static nint LoadWindows(string file, out string answer)
    {
        const uint SearchBesideTheFile = 0x00000008;
        var library = LoadLibraryEx(file, 0, Path.IsPathRooted(file) ? SearchBesideTheFile : 0);
        var code = Marshal.GetLastWin32Error();
        answer = library != 0 ? "loaded" : new System.ComponentModel.Win32Exception(code).Message + $" (error {code})";
        return library;
    }

    private static nint LoadUnix(string file, out string answer)
    {
        const int NowAndGlobal = 0x2 | 0x100;
        const int NowAndGlobalOnMac = 0x2 | 0x8;
        var flags = RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? NowAndGlobalOnMac : NowAndGlobal;
        try
        {
            var library = DlOpen(file, flags);
            answer = library != 0 ? "loaded" : Marshal.PtrToStringAnsi(DlError()) ?? "unknown error";
            return library;
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException)
        {
            answer = OneLine(error);
            return 0;
        }
    }

    [DllImport("kernel32", EntryPoint = "LoadLibraryExW", CharSet = CharSet.Unicode, ExactSpelling = true, SetLastError = true)]
    private static extern nint LoadLibraryEx(string file, nint reserved, uint flags);

    private static nint DlOpen(string file, int flags)
    {
        try
        {
            return DlOpen2(file, flags);
        }
        catch (DllNotFoundException)
        {
            return DlOpenPlain(file, flags);
        }
    }

    private static nint DlError()
    {
        try
        {
            return DlError2();
        }
        catch (DllNotFoundException)
        {
            return DlErrorPlain();
        }
    }

    // glibc has "libdl.so.2" without development files; macOS and musl answer to "libdl".
    [DllImport("libdl.so.2", EntryPoint = "dlopen")]
    private static extern nint DlOpen2(string file, int flags);

    [DllImport("libdl", EntryPoint = "dlopen")]
    private static extern nint DlOpenPlain(string file, int flags);

    [DllImport("libdl.so.2", EntryPoint = "dlerror")]
    private static extern nint DlError2();

    [DllImport("libdl", EntryPoint = "dlerror")]
    private static extern nint DlErrorPlain();
#endif

    private static string OneLine(Exception error) => error.Message.Replace("\r", "").Replace("\n", "; ");
}
