namespace ExBurn.Native;

/// <summary>Compares a loaded library with what this assembly was compiled against.</summary>
internal static unsafe class NativeLibraryCheck
{
    public const uint Major = 1;
    public const uint Minor = 2;

    /// <summary>The structs in the order of their numbers at the boundary.</summary>
    public static readonly (string Name, int Size)[] Structs =
    [
        (nameof(ExbArray), sizeof(ExbArray)),
        (nameof(ExbBuffer), sizeof(ExbBuffer)),
        (nameof(ExbTrainOptions), sizeof(ExbTrainOptions)),
        (nameof(ExbBatchEvent), sizeof(ExbBatchEvent)),
        (nameof(ExbRunResult), sizeof(ExbRunResult)),
        (nameof(ExbStreamBatch), sizeof(ExbStreamBatch)),
        (nameof(ExbTensorOptions), sizeof(ExbTensorOptions)),
    ];

    /// <summary>The first difference in words, or null.</summary>
    public static string? FindMismatch()
    {
        try
        {
            return Version(NativeMethods.exb_abi_version()) ?? Sizes() ?? Statuses();
        }
        catch (Exception error) when (error is EntryPointNotFoundException or DllNotFoundException)
        {
            return error.Message;
        }
    }

    /// <summary>Equal major and at least our minor is needed.</summary>
    internal static string? Version(uint found)
    {
        var (major, minor) = (found >> 16, found & 0xFFFF);
        return major == Major && minor >= Minor
            ? null
            : $"its boundary has version {major}.{minor}, at least {Major}.{Minor} and below {Major + 1}.0 is needed";
    }

    private static string? Sizes()
    {
        for (var id = 0; id < Structs.Length; id++)
        {
            var found = NativeMethods.exb_struct_size(id);
            if (found != (nuint)Structs[id].Size)
                return $"its struct {Structs[id].Name} has {found} bytes, expected {Structs[id].Size}";
        }
        return null;
    }

    private static string? Statuses()
    {
        foreach (var (status, name) in NativeStatusNames.All)
        {
            nuint length;
            var found = Utf8.Read(NativeMethods.exb_status_name((int)status, &length), length);
            if (found != name)
                return $"its status {(int)status} is '{found}', expected '{name}'";
        }
        return null;
    }
}
