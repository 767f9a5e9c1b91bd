using ExBurn.Native;

namespace ExBurn.Tests.Native;

/// <summary>Search and failure of loading.</summary>
public sealed class LibraryLoadTests
{
    [Fact]
    public void The_library_loads_and_describes_itself()
    {
        BurnBridge.EnsureLoaded();
        BurnBridge.EnsureLoaded();
        var info = BurnBridge.BuildInfo();
        Assert.Contains("\"abi\":\"1.", info);
        Assert.Contains("\"target\":", info);
    }

    [Fact]
    public void The_places_are_tried_in_order()
    {
        var files = NativePlatform.Candidates("/a/lib/net8.0", "/b");
        string rid = NativePlatform.RuntimeIdentifier, file = NativePlatform.FileName;
        Assert.Equal(
            [
                Path.Combine("/a/lib/net8.0", "runtimes", rid, "native", file),
                Path.Combine("/a/lib/net8.0", file),
                Path.Combine("/b", "runtimes", rid, "native", file),
                Path.Combine("/b", file),
                Path.GetFullPath(Path.Combine("/a", "runtimes", rid, "native", file)),
            ],
            files);
    }

    [Fact]
    public void A_chosen_path_excludes_all_others_and_the_error_says_so()
    {
        var search = NativeLibraryLoader.Search("/nowhere/libexburn.so", AppContext.BaseDirectory, AppContext.BaseDirectory);
        Assert.Equal(0, search.Library);
        Assert.Single(search.Tried);
        var error = NativeLibraryLoader.Failure.NotLoaded(search).ToException();
        Assert.Equal(ErrorCode.LibraryLoad, error.ErrorCode);
        Assert.Contains(NativePlatform.PathVariable, error.Message);
        Assert.Equal("/nowhere/libexburn.so", Assert.Single(error.TriedPaths));
    }

    [Fact]
    public void The_error_names_platform_paths_and_the_loaders_answer()
    {
        var folder = Directory.CreateTempSubdirectory("exburn-load");
        try
        {
            var broken = Path.Combine(folder.FullName, NativePlatform.FileName);
            File.WriteAllText(broken, "not a library");
            var search = NativeLibraryLoader.Search(folder.FullName, "", "");
            var error = NativeLibraryLoader.Failure.NotLoaded(search).ToException();
            Assert.Contains(NativePlatform.RuntimeIdentifier, error.Message);
            Assert.Contains(broken, error.Message);
            Assert.DoesNotContain("no such file", error.Message);
            Assert.Equal(NativePlatform.RuntimeIdentifier, error.RuntimeIdentifier);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
