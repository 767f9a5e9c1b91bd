using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace ExBurn;

/// <summary>
/// The safetensors format in memory: 8 bytes of header length (little endian), the header in JSON, the values.
/// Every offset of a read file is checked before anything is taken from it.
/// </summary>
internal static class SafeTensors
{
    private const int LengthBytes = 8;
    private const string Metadata = "__metadata__";

    public static Dictionary<string, TensorData> Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < LengthBytes)
            throw Damaged("it is shorter than its header");
        var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(file);
        if (headerLength > (ulong)(file.Length - LengthBytes))
            throw Damaged("its header is longer than the file");
        var header = file.Slice(LengthBytes, (int)headerLength);
        var values = file.Slice(LengthBytes + (int)headerLength);

        var result = new Dictionary<string, TensorData>();
        try
        {
            using var document = JsonDocument.Parse(header.ToArray());
            foreach (var entry in document.RootElement.EnumerateObject())
                if (entry.Name != Metadata)
                    result.Add(entry.Name, ReadEntry(entry.Name, entry.Value, values));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException
            or FormatException or ArgumentException or OverflowException)
        {
            throw new CheckpointException($"The safetensors data is damaged: its header cannot be read ({error.Message})", error);
        }
        return result;
    }

    public static byte[] Write(IReadOnlyDictionary<string, TensorData> tensors)
    {
        var entries = tensors.OrderBy(entry => entry.Key, StringComparer.Ordinal).ToArray();
        var header = Encoding.UTF8.GetBytes(JsonText.Object(json =>
        {
            long offset = 0;
            foreach (var entry in entries)
                offset = WriteEntry(json, entry.Key, Check.NotNull(entry.Value, nameof(tensors)), offset);
        }));

        // The values start at a multiple of eight; blanks belong to the header.
        var headerLength = (header.Length + 7) / 8 * 8;
        var length = checked(LengthBytes + headerLength + entries.Sum(entry => entry.Value.Bytes.Length));
        var file = new byte[length];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)headerLength);
        header.CopyTo(file, LengthBytes);
        file.AsSpan(LengthBytes + header.Length, headerLength - header.Length).Fill((byte)' ');
        var position = LengthBytes + headerLength;
        foreach (var entry in entries)
        {
            entry.Value.Bytes.CopyTo(file.AsSpan(position));
            position += entry.Value.Bytes.Length;
        }
        return file;
    }

    private static TensorData ReadEntry(string name, JsonElement entry, ReadOnlySpan<byte> values)
    {
        var dtype = FromName(name, entry.Text("dtype"));
        var shape = entry.ShapeOrNull("shape") ?? throw Damaged($"'{name}' has no shape");
        var offsets = entry.GetProperty("data_offsets");
        if (offsets.GetArrayLength() != 2)
            throw Damaged($"'{name}' needs two offsets");
        var (start, end) = (offsets[0].GetInt64(), offsets[1].GetInt64());
        if (start < 0 || end < start || end > values.Length)
            throw Damaged($"the values of '{name}' lie outside the file");
        if (checked(shape.ElementCount * dtype.Size()) != end - start)
            throw Damaged($"'{name}' has another number of values than its shape {shape}");
        var bytes = values.Slice((int)start, (int)(end - start));
        return dtype.IsHalf() ? new(HalfBits.ToSingles(bytes, dtype), DType.Float32, shape) : new(bytes.ToArray(), dtype, shape);
    }

    private static long WriteEntry(Utf8JsonWriter json, string name, TensorData tensor, long offset)
    {
        var end = offset + tensor.Bytes.Length;
        json.WriteStartObject(name);
        json.WriteString("dtype", NameOf(tensor.DType));
        json.WritePropertyName("shape");
        json.WriteShape(tensor.Shape);
        json.WritePropertyName("data_offsets");
        json.WriteShape([offset, end]);
        json.WriteEndObject();
        return end;
    }

    private static string NameOf(DType dtype) => dtype == DType.UInt8 ? "U8" : dtype.NativeName().ToUpperInvariant();

    private static DType FromName(string tensor, string name) => name switch
    {
        "F32" => DType.Float32,
        "F64" => DType.Float64,
        "I32" => DType.Int32,
        "I64" => DType.Int64,
        "U8" => DType.UInt8,
        "F16" => DType.Float16,
        "BF16" => DType.BFloat16,
        _ => throw new CheckpointException($"'{tensor}' has element type {name}, which is not supported here"),
    };

    private static CheckpointException Damaged(string how) => new($"The safetensors data is damaged: {how}");
}
