using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace ExBurn.Native;

/// <summary>
/// Finds, loads and checks the native library once and keeps the outcome. An explicit step rather than a static constructor: so the user
/// sees the explanation itself, and the same one each time.
/// </summary>
internal static partial class NativeLibraryLoader
{
    private static readonly object Gate = new();
    private static volatile Outcome? _outcome;

    /// <exception cref="NativeLibraryLoadException">The library cannot be loaded or does not fit.</exception>
    public static void EnsureLoaded()
    {
        if (_outcome is not { Failure: null })
            LoadOnce();
    }

    private static void LoadOnce()
    {
        lock (Gate)
        {
            _outcome ??= Load(Environment.GetEnvironmentVariable(NativePlatform.PathVariable), AssemblyDirectory(), AppContext.BaseDirectory);
            if (_outcome.Failure is { } failure)
                throw failure.ToException();
        }
    }

    private static Outcome Load(string? chosen, string assemblyDirectory, string baseDirectory)
    {
        var search = Search(chosen, assemblyDirectory, baseDirectory);
        if (search.Library == 0)
            return new Outcome(Failure.NotLoaded(search));
        Register(search.Library);
        return new Outcome(NativeLibraryCheck.FindMismatch() is { } mismatch ? Failure.Mismatch(search, mismatch) : null);
    }

    /// <summary>Tries the places in order. <paramref name="chosen"/> is the user's file or folder and excludes all others.</summary>
    internal static SearchResult Search(string? chosen, string assemblyDirectory, string baseDirectory)
    {
        var result = new SearchResult();
        if (!string.IsNullOrEmpty(chosen))
        {
            result.Chosen = chosen;
            Try(Directory.Exists(chosen) ? Path.Combine(chosen!, NativePlatform.FileName) : Path.GetFullPath(chosen!));
            return result;
        }
        foreach (var file in NativePlatform.Candidates(assemblyDirectory, baseDirectory))
        {
            Try(file);
            if (result.Library != 0)
                return result;
        }
        result.Library = TryLoadByName(out var answer);
        result.Tried.Add(($"{NativePlatform.LibraryName} (the system's own search)", answer));
        return result;

        void Try(string file)
        {
            var answer = "no such file";
            if (File.Exists(file))
                result.Library = TryLoadFile(file, out answer);
            result.Tried.Add((file, answer));
        }
    }

#if NET8_0_OR_GREATER
    [UnconditionalSuppressMessage("SingleFile", "IL3000", Justification = "An empty location is expected in a single file and skipped.")]
#endif
    private static string AssemblyDirectory()
    {
        var location = typeof(NativeLibraryLoader).Assembly.Location;
        return string.IsNullOrEmpty(location) ? "" : Path.GetDirectoryName(location) ?? "";
    }

    /// <summary>Where the library was looked for, what the loader said, and the handle if it is loaded.</summary>
    internal sealed class SearchResult
    {
        public string? Chosen { get; set; }

        public nint Library { get; set; }

        public List<(string Path, string Answer)> Tried { get; } = [];
    }

    private sealed record Outcome(Failure? Failure);

    /// <summary>What goes into the exception; each throw makes a new one, because a thrown exception belongs to its thread.</summary>
    internal sealed record Failure(string Message, ErrorCode Code, IReadOnlyList<string> TriedPaths)
    {
        public static Failure NotLoaded(SearchResult search)
        {
            var text = new StringBuilder("The native library of ExBurn.Interop (").Append(NativePlatform.FileName)
                .Append(") could not be loaded.\n  platform: ").Append(NativePlatform.Description).Append("\n  tried:");
            foreach (var (path, answer) in search.Tried)
                text.Append("\n    ").Append(path).Append(": ").Append(answer);
            text.Append("\n  ");
            if (search.Chosen != null)
            {
                text.Append("The environment variable ").Append(NativePlatform.PathVariable).Append(" is set to '").Append(search.Chosen)
                    .Append("', so nothing else was tried. Correct or remove it.");
            }
            else
            {
                text.Append("Add the package ExBurn.Interop to the program itself (not only to a library it uses) and publish for this platform: dotnet publish -r ")
                    .Append(NativePlatform.RuntimeIdentifier).Append(". To use another build of the library, set ")
                    .Append(NativePlatform.PathVariable).Append(" to its file or folder.");
            }
            return new Failure(text.ToString(), ErrorCode.LibraryLoad, Paths(search));
        }

        public static Failure Mismatch(SearchResult search, string mismatch)
            => new($"The native library does not fit this version of ExBurn.Interop: {mismatch}.\n  loaded: {search.Tried[search.Tried.Count - 1].Path}\n"
                + $"  platform: {NativePlatform.Description}\n  Use managed and native library of the same version.", ErrorCode.Abi, Paths(search));

        public NativeLibraryLoadException ToException()
            => new(Message, Code) { RuntimeIdentifier = NativePlatform.RuntimeIdentifier, TriedPaths = TriedPaths };

        private static string[] Paths(SearchResult search) => search.Tried.ConvertAll(static t => t.Path).ToArray();
    }
}
