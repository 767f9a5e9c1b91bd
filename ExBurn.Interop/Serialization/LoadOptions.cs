using System.Text.Json;

namespace ExBurn;

/// <summary>
/// How the names of a file and of a model come together in <see cref="Model.Load(string, LoadOptions)"/>. Immutable. The file's names go
/// through <see cref="Rename"/>, then a prefix that all of them share and the model does not have is dropped if it is
/// <c>module.</c> (<c>DataParallel</c>) or <c>_orig_mod.</c> (<c>torch.compile</c>), then <see cref="Only"/> chooses.
/// </summary>
public sealed record LoadOptions
{
    /// <summary>
    /// Whether missing, unexpected and mismatched names are an error, and nothing is changed then. Otherwise what fits is loaded, and the
    /// report says what did not. Default true.
    /// </summary>
    public bool Strict { get; init; } = true;

    /// <summary>
    /// The part of a checkpoint that holds the tensors, with dots between nested keys (<c>state_dict</c>, <c>ema.model</c>), or what the
    /// names begin with (<c>encoder</c>); the empty text takes the whole file. Default: what is found under the usual names
    /// (<c>state_dict</c>, <c>model_state_dict</c>, <c>model</c> ...), else the file itself, else its only part with tensors.
    /// </summary>
    public string? Key { get; init; }

    /// <summary>
    /// Rules for the file's names, each applied to what the one before it left. A pattern is for the whole name; every <c>*</c> in it stands
    /// for any text (as little as possible, the last one for the rest), which <c>$1</c>, <c>$2</c> ... put into the replacement; <c>$$</c> is
    /// a dollar. <c>("module.*", "$1")</c> drops a prefix, <c>("*", "backbone.$1")</c> adds one. Default none.
    /// </summary>
    public ValueArray<(string Pattern, string Replacement)> Rename
    {
        get;
        init
        {
            foreach (var (pattern, replacement) in value)
                if (string.IsNullOrEmpty(pattern) || replacement is null)
                    throw new ArgumentException("A rule needs a pattern and a replacement.", nameof(Rename));
            field = value;
        }
    }

    /// <summary>
    /// Names or patterns (<c>encoder.*</c>, <c>0</c>) of the model's parameters and buffers to load. All others are left alone in model and
    /// file, and are neither missing nor unexpected. One that matches nothing in the model is an error. Default: everything.
    /// </summary>
    public ValueArray<string> Only
    {
        get;
        init => field = value.Any(string.IsNullOrEmpty) ? throw new ArgumentException("A pattern must not be empty.", nameof(Only)) : value;
    }

    internal string ToJson() => JsonText.Object(json =>
    {
        json.WriteBoolean("strict", Strict);
        json.WriteString("key", Key);
        json.WriteStartArray("rename");
        foreach (var (pattern, replacement) in Rename)
        {
            json.WriteStartArray();
            json.WriteStringValue(pattern);
            json.WriteStringValue(replacement);
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteStartArray("only");
        foreach (var pattern in Only)
            json.WriteStringValue(pattern);
        json.WriteEndArray();
    });
}
