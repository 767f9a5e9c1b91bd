using System.Text;
using System.Text.Json;

namespace ExBurn;

/// <summary>
/// A description that the native core builds from: a layer, loss, metric or optimizer. Immutable, compared by value,
/// free of native resources, usable for any number of models. The set of components is closed.
/// </summary>
public abstract record Component
{
    private protected Component()
    {
    }

    /// <summary>Name of the type in the native core: the class name without the kind's suffix.</summary>
    internal virtual string TypeName => GetType().Name;

    /// <summary>Writes the options under PyTorch's names.</summary>
    internal virtual void WriteConfig(ConfigWriter config)
    {
    }

    /// <summary>Writes <c>"type": ..., "config": {...}</c> into an open object.</summary>
    internal void WriteTo(Utf8JsonWriter json)
    {
        json.WriteString("type", TypeName);
        json.WriteStartObject("config");
        WriteConfig(new ConfigWriter(json));
        json.WriteEndObject();
    }

    /// <summary>The description as JSON text: <c>{"type":"Linear","config":{...}}</c>.</summary>
    internal string ToJson() => JsonText.Object(WriteTo);

    /// <summary>Reads as in PyTorch: <c>Linear(in_features=784, out_features=256, bias=true)</c>.</summary>
    public sealed override string ToString()
    {
        using var document = JsonDocument.Parse(ToJson());
        var text = new StringBuilder(TypeName).Append('(');
        var separator = "";
        foreach (var option in document.RootElement.GetProperty("config").EnumerateObject())
        {
            text.Append(separator).Append(option.Name).Append('=').Append(option.Value.GetRawText());
            separator = ", ";
        }
        return text.Append(')').ToString();
    }
}
