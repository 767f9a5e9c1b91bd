using ExBurn.Native;

namespace ExBurn.Tests.Support;

/// <summary>Whether the native library can be loaded; without it, tests of purely managed code must still be able to run.</summary>
internal static class NativeLibrary
{
    private static readonly Lazy<bool> Present = new(static () =>
    {
        try
        {
            BurnBridge.EnsureLoaded();
            return true;
        }
        catch (NativeLibraryLoadException)
        {
            return false;
        }
    });

    public static bool IsPresent => Present.Value;
}
