using System.Diagnostics;
using System.Text.Json;

namespace ExBurn;

/// <summary>Figures of a device's memory, in bytes.</summary>
/// <param name="InUse">Held by values that live; on the CPU the working set of the process.</param>
/// <param name="Reserved">Taken from the driver, what is kept for reuse included; on the CPU the private memory of the process.</param>
/// <param name="Allocations">Number of values that live; null on the CPU.</param>
/// <param name="Total">All there is: on the CPU what the process may use. Null where it is not known: GPU drivers do not say.</param>
public sealed record DeviceMemory(long InUse, long Reserved, long? Allocations, long? Total)
{
    /// <summary>Reads as <c>12.5 MB in use, 32.0 MB reserved</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"{InUse / 1e6:0.0} MB in use, {Reserved / 1e6:0.0} MB reserved");

    internal static DeviceMemory FromJson(string text)
    {
        using var document = JsonDocument.Parse(text);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Null)
            return new(root.Number("in_use"), root.Number("reserved"), root.Number("allocations"), null);
        using var process = Process.GetCurrentProcess();
#if NETSTANDARD2_0
        long? total = null;
#else
        long? total = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
#endif
        return new(process.WorkingSet64, process.PrivateMemorySize64, null, total);
    }
}
