using System.Runtime.InteropServices;

namespace ExBurn.Native;

/// <summary>What the native library is called here, and where it may lie.</summary>
internal static class NativePlatform
{
    /// <summary>The user's own choice: a file, or a folder with the library. Nothing else is tried then.</summary>
    public const string PathVariable = "EXBURN_NATIVE_PATH";

    /// <summary>The name in the imports.</summary>
    public const string LibraryName = "exburn";

    public static string FileName { get; } =
        IsWindows ? "exburn.dll" : RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "libexburn.dylib" : "libexburn.so";

    /// <summary>The portable name of this platform, such as <c>linux-x64</c>, <c>linux-musl-arm64</c>, <c>win-x64</c>.</summary>
    public static string RuntimeIdentifier { get; } = FindRuntimeIdentifier();

    public static bool IsWindows => RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

    /// <summary>One line for error messages.</summary>
    public static string Description
        => $"{RuntimeIdentifier}, process {RuntimeInformation.ProcessArchitecture}, {RuntimeInformation.FrameworkDescription}, "
            + RuntimeInformation.OSDescription;

    /// <summary>Files to try, in order, for a library that belongs to an assembly in <paramref name="assemblyDirectory"/> (empty in a single file).</summary>
    public static IReadOnlyList<string> Candidates(string assemblyDirectory, string baseDirectory)
    {
        var files = new List<string>();
        foreach (var directory in new[] { assemblyDirectory, baseDirectory })
        {
            if (directory.Length == 0)
                continue;
            Add(Path.Combine(directory, "runtimes", RuntimeIdentifier, "native", FileName));
            Add(Path.Combine(directory, FileName));
        }
        // The layout of a package folder, from where notebooks and scripts load assemblies: lib/<framework>/ beside runtimes/.
        if (assemblyDirectory.Length > 0)
            Add(Path.GetFullPath(Path.Combine(assemblyDirectory, "..", "..", "runtimes", RuntimeIdentifier, "native", FileName)));
        return files;

        void Add(string file)
        {
            if (!files.Contains(file))
                files.Add(file);
        }
    }

    private static string FindRuntimeIdentifier()
    {
        var system = IsWindows ? "win"
            : RuntimeInformation.IsOSPlatform(OSPlatform.OSX) ? "osx"
            : IsMusl() ? "linux-musl"
            : "linux";
        return system + "-" + RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
    }

    private static bool IsMusl()
    {
#if NET8_0_OR_GREATER
        var runtime = RuntimeInformation.RuntimeIdentifier;
#else
        var runtime = AppDomain.CurrentDomain.GetData("RUNTIME_IDENTIFIER") as string ?? "";
#endif
        return runtime.IndexOf("musl", StringComparison.Ordinal) >= 0 || runtime.StartsWith("alpine", StringComparison.Ordinal);
    }
}
