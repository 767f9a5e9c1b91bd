using System.Text.Json;

namespace ExBurn;

/// <summary>One input of a model: the whole shape with the batch dimension, or null where even the rank is unknown.</summary>
internal sealed record InputDescription(string Name, Shape? Shape);

/// <summary>A layer under its name, applied to earlier values.</summary>
internal sealed record NodeDescription(string Name, Layer Layer, IReadOnlyList<string> Inputs)
{
    /// <summary>Whether its parameters are trained: the layer's own setting and that of the layers it is part of.</summary>
    public bool Trainable { get; init; } = Layer.Trainable;

    /// <summary>The earlier node whose parameters and buffers it uses.</summary>
    public string? Shares { get; init; }
}

/// <summary>A model that became part of another one under a prefix of its names; see <see cref="Model.AsLayer"/>.</summary>
internal sealed record InnerModel(string Prefix, Model Model);

/// <summary>A model as the native core reads it.</summary>
internal sealed record ModelDescription(
    IReadOnlyList<InputDescription> Inputs, IReadOnlyList<NodeDescription> Nodes, IReadOnlyList<string> Outputs)
{
    /// <summary>Version of the JSON descriptions.</summary>
    public const int Version = 1;

    /// <summary>The models it was put together from, inner ones before those they are part of; their weights are its first ones.</summary>
    public IReadOnlyList<InnerModel> InnerModels { get; init; } = [];

    /// <summary>Of each composed layer, the node that is its output.</summary>
    public IReadOnlyDictionary<string, string> Composed { get; init; } = new Dictionary<string, string>();

    public string ToJson(DType dtype) => JsonText.Object(json =>
    {
        json.WriteNumber("version", Version);
        json.WriteString("dtype", dtype.NativeName());
        json.WriteStartArray("inputs");
        foreach (var input in Inputs)
            Write(json, input);
        json.WriteEndArray();
        json.WriteStartArray("nodes");
        foreach (var node in Nodes)
            Write(json, node);
        json.WriteEndArray();
        WriteNames(json, "outputs", Outputs);
    });

    private static void Write(Utf8JsonWriter json, InputDescription input)
    {
        json.WriteStartObject();
        json.WriteString("name", input.Name);
        json.WritePropertyName("shape");
        if (input.Shape is { } shape)
            json.WriteShape(shape);
        else
            json.WriteNullValue();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, NodeDescription node)
    {
        json.WriteStartObject();
        json.WriteString("name", node.Name);
        node.Layer.WriteTo(json);
        if (node.Layer.Initializers.Count > 0)
            WriteInitializers(json, node.Layer.Initializers);
        WriteNames(json, "inputs", node.Inputs);
        json.WriteBoolean("trainable", node.Trainable);
        if (node.Shares is { } owner)
            json.WriteString("shares", owner);
        json.WriteEndObject();
    }

    private static void WriteInitializers(Utf8JsonWriter json, ValueArray<ParameterInitializer> initializers)
    {
        json.WriteStartObject("init");
        foreach (var entry in initializers)
        {
            json.WriteStartObject(entry.Parameter);
            entry.Initializer.WriteTo(json);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static void WriteNames(Utf8JsonWriter json, string key, IReadOnlyList<string> names)
    {
        json.WriteStartArray(key);
        foreach (var name in names)
            json.WriteStringValue(name);
        json.WriteEndArray();
    }
}
