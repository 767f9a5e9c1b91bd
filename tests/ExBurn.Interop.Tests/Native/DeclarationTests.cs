using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using ExBurn.Native;

namespace ExBurn.Tests.Native;

/// <summary>The C# declarations against the library.</summary>
public sealed class DeclarationTests
{
    private static readonly MethodInfo[] Imports = typeof(NativeMethods)
        .GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        .Where(m => m.GetCustomAttribute<DllImportAttribute>() != null)
        .ToArray();

    [Fact]
    public void Every_declared_function_is_exported()
    {
        var library = Library();
        Assert.NotEmpty(Imports);
        Assert.All(Imports, m => Assert.True(NativeLibrary.TryGetExport(library, m.Name, out _), m.Name));
    }

    [Fact]
    public void Every_exported_function_is_declared()
    {
        var declared = Imports.Select(m => m.Name).ToHashSet();
        var exported = ExportNames(LoadedFile()).ToArray();
        Assert.True(exported.Length >= declared.Count, $"only {exported.Length} exports found in the file");
        Assert.All(exported, name => Assert.Contains(name, declared));
    }

    [Fact]
    public void Signatures_are_blittable()
    {
        foreach (var method in Imports)
        {
            Assert.True(IsBlittable(method.ReturnType), $"{method.Name} returns {method.ReturnType}");
            Assert.All(method.GetParameters(), p => Assert.True(IsBlittable(p.ParameterType), $"{method.Name}: {p.Name} is {p.ParameterType}"));
            Assert.Equal(CallingConvention.Cdecl, method.GetCustomAttribute<DllImportAttribute>()!.CallingConvention);
        }
    }

    [Fact]
    public void Structs_have_the_native_sizes()
    {
        BurnBridge.EnsureLoaded();
        for (var id = 0; id < NativeLibraryCheck.Structs.Length; id++)
            Assert.Equal((nuint)NativeLibraryCheck.Structs[id].Size, NativeMethods.exb_struct_size(id));
        Assert.Equal((nuint)0, NativeMethods.exb_struct_size(NativeLibraryCheck.Structs.Length));
        var sized = typeof(NativeMethods).Assembly.GetTypes()
            .Where(t => t.IsValueType && t.Name.StartsWith("Exb", StringComparison.Ordinal) && t.GetFields().Length > 0)
            .Select(t => t.Name);
        Assert.Equal(sized.Order(), NativeLibraryCheck.Structs.Select(s => s.Name).Order());
    }

    [Fact]
    public void Statuses_agree_with_the_library_and_with_the_public_codes()
    {
        Assert.Null(NativeLibraryCheck.FindMismatch());
        Assert.Equal(Enum.GetValues<NativeStatus>(), NativeStatusNames.All.Select(s => s.Status));
        foreach (var status in Enum.GetValues<NativeStatus>().Where(s => s != NativeStatus.Ok))
            Assert.Equal(status.ToString(), ((ErrorCode)status).ToString(), ignoreCase: true);
    }

    [Fact]
    public void An_older_or_foreign_boundary_is_refused()
    {
        const uint Major = NativeLibraryCheck.Major, Minor = NativeLibraryCheck.Minor;
        Assert.Null(NativeLibraryCheck.Version((Major << 16) | Minor));
        Assert.Null(NativeLibraryCheck.Version((Major << 16) | (Minor + 1)));
        Assert.NotNull(NativeLibraryCheck.Version((Major + 1) << 16));
        Assert.NotNull(NativeLibraryCheck.Version(((Major - 1) << 16) | 0xFFFF));
    }

    private static nint Library()
    {
        BurnBridge.EnsureLoaded();
        return NativeLibrary.Load(LoadedFile());
    }

    private static string LoadedFile()
    {
        var search = NativeLibraryLoader.Search(
            Environment.GetEnvironmentVariable(NativePlatform.PathVariable), AppContext.BaseDirectory, AppContext.BaseDirectory);
        Assert.NotEqual(0, search.Library);
        return search.Tried[^1].Path;
    }

    /// <summary>Zero-terminated names in the file; exact enough, since nothing else in it begins so and is terminated so.</summary>
    private static IEnumerable<string> ExportNames(string file)
    {
        if (!OperatingSystem.IsLinux())
            yield break;
        foreach (var name in ElfFile.DynamicSymbols(File.ReadAllBytes(file)))
            if (name.StartsWith("exb_", StringComparison.Ordinal))
                yield return name;
    }

    private static bool IsBlittable(Type type)
    {
        if (type == typeof(void) || type.IsPointer || type.IsFunctionPointer || type.IsUnmanagedFunctionPointer)
            return true;
        if (type == typeof(bool) || type == typeof(char) || type.IsByRef || !type.IsValueType)
            return false;
        return type.IsPrimitive || type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).All(f => IsBlittable(f.FieldType));
    }
}
