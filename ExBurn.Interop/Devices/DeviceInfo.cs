using System.Text.Json;

namespace ExBurn;

/// <summary>What an opened device is.</summary>
/// <param name="Kind">Kind of the device.</param>
/// <param name="Name">Name of the hardware, as the system or driver gives it.</param>
/// <param name="Backend">Burn's name of the backend.</param>
/// <param name="Driver">Driver and its version; empty on the CPU.</param>
/// <param name="FloatTypes">Element types that a model may compute in there.</param>
public sealed record DeviceInfo(DeviceKind Kind, string Name, string Backend, string Driver, ValueArray<DType> FloatTypes)
{
    /// <summary>Types of 16 bits that it has, for mixed precision and stored parameters.</summary>
    public ValueArray<DType> HalfTypes { get; init; } = (DType[])[];

    internal static DeviceInfo FromJson(DeviceKind kind, string text)
    {
        using var document = JsonDocument.Parse(text);
        var root = document.RootElement;
        var driver = root.TryGetProperty("driver", out var value) ? value.GetString() ?? "" : "";
        DType[] types = [.. root.Texts("float_types").Select(DTypes.FromNativeName)];
        DType[] halves = [.. root.Texts("half_types").Select(DTypes.FromNativeName)];
        return new(kind, root.Text("name"), root.Text("backend"), driver, types) { HalfTypes = halves };
    }
}
