using System.Text.Json;

namespace ExBurn;

/// <summary>What an entry of a model's state is.</summary>
public enum StateKind
{
    /// <summary>Learned by the optimizer.</summary>
    Parameter,

    /// <summary>Kept by a layer, as running statistics.</summary>
    Buffer,
}

/// <summary>One entry of a model's state.</summary>
/// <param name="Name">Name, as <c>0.weight</c>.</param>
/// <param name="Shape">Shape in memory and in files.</param>
/// <param name="DType">Type of the elements.</param>
/// <param name="Kind">Parameter or buffer.</param>
/// <param name="Trainable">Whether training changes it.</param>
public sealed record StateEntry(string Name, Shape Shape, DType DType, StateKind Kind, bool Trainable)
{
    internal static IReadOnlyList<StateEntry> ListFromJson(string text)
    {
        using var document = JsonDocument.Parse(text);
        return [.. document.RootElement.EnumerateArray().Select(FromJson)];
    }

    private static StateEntry FromJson(JsonElement entry) => new(
        entry.Text("name"),
        entry.ShapeOrNull("shape") ?? default,
        DTypes.FromNativeName(entry.Text("dtype")),
        entry.Text("kind") == "buffer" ? StateKind.Buffer : StateKind.Parameter,
        entry.GetProperty("trainable").GetBoolean());
}
