using System.Text.Json;

namespace ExBurn;

/// <summary>How <see cref="Model.Save(string, SaveOptions)"/> writes safetensors. Immutable; checked when set.</summary>
public sealed record SaveOptions
{
    /// <summary>
    /// Type of the floats in the file: <see cref="StoredType.Float32"/>, <see cref="StoredType.Float16"/>, <see cref="StoredType.BFloat16"/> or
    /// <see cref="StoredType.Float64"/>; integers stay integers. Rounded to the nearest, ties to even. Default: the model's type.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Another type.</exception>
    public StoredType? DType
    {
        get;
        init => field = value is null or StoredType.Float32 or StoredType.Float64 or StoredType.Float16 or StoredType.BFloat16
            ? value
            : throw new ArgumentOutOfRangeException(nameof(DType), value, "DType must be a floating-point type.");
    }

    /// <summary>
    /// Bytes of tensors in one file at most, at least 1. A larger state is spread over <c>name-00001-of-00003.safetensors</c> ... with
    /// <c>name.safetensors.index.json</c>, as Hugging Face does; a tensor above the limit has a file of its own. Default: one file.
    /// </summary>
    public long? MaxShardBytes
    {
        get;
        init => field = value is null or >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(MaxShardBytes), value, "MaxShardBytes must be at least 1.");
    }

    /// <summary>Texts to keep beside the tensors; read by <see cref="WeightsFile.Metadata"/>. Default none, but <c>format</c> is always there.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init => field = Check.NotNull(value); } = new Dictionary<string, string>();

    internal string ToJson() => JsonText.Object(json =>
    {
        if (DType is { } type)
            json.WriteString("dtype", type.FileName());
        if (MaxShardBytes is { } most)
            json.WriteNumber("max_shard_bytes", most);
        json.WriteStartObject("metadata");
        foreach (var entry in Metadata)
            json.WriteString(entry.Key, entry.Value);
        json.WriteEndObject();
    });
}
