using System.Buffers.Binary;
using System.Text;

namespace ExBurn.Tests.Diagnostics;

/// <summary>
/// A reader of TensorBoard's event files that shares nothing with the writer: CRC-32C bit by bit, protobuf by its wire format.
/// </summary>
internal static class EventFile
{
    public sealed record Event(double WallTime, long Step, string? FileVersion, IReadOnlyList<(string Tag, float Value)> Scalars);

    public static IReadOnlyList<Event> Read(string path) => Parse(File.ReadAllBytes(path));

    public static IReadOnlyList<Event> Parse(ReadOnlySpan<byte> bytes)
    {
        var events = new List<Event>();
        while (bytes.Length > 0)
        {
            var length = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            RequireCrc(bytes[..8], bytes[8..12]);
            var payload = bytes.Slice(12, length);
            RequireCrc(payload, bytes.Slice(12 + length, 4));
            events.Add(ReadEvent(payload));
            bytes = bytes[(16 + length)..];
        }
        return events;
    }

    /// <summary>The polynomial x^32 + 0x1EDC6F41 over the bits, least significant first.</summary>
    public static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var register = 0xFFFFFFFFu;
        foreach (var one in bytes)
            for (var bit = 0; bit < 8; bit++)
            {
                var feedback = ((register >> 31) ^ ((uint)one >> bit)) & 1;
                register = (register << 1) ^ (feedback == 1 ? 0x1EDC6F41u : 0);
            }
        uint reflected = 0;
        for (var bit = 0; bit < 32; bit++)
            reflected |= ((register >> bit) & 1) << (31 - bit);
        return ~reflected;
    }

    private static void RequireCrc(ReadOnlySpan<byte> data, ReadOnlySpan<byte> stored)
    {
        var rotated = unchecked(BinaryPrimitives.ReadUInt32LittleEndian(stored) - 0xA282EAD8u);
        var expected = (rotated >> 17) | (rotated << 15);
        if (Crc(data) != expected)
            throw new InvalidDataException("A check sum is wrong.");
    }

    private static Event ReadEvent(ReadOnlySpan<byte> bytes)
    {
        var one = new Event(double.NaN, 0, null, []);
        while (bytes.Length > 0)
        {
            var (field, number, content) = Next(ref bytes);
            one = field switch
            {
                1 => one with { WallTime = BitConverter.Int64BitsToDouble((long)number) },
                2 => one with { Step = (long)number },
                3 => one with { FileVersion = Encoding.UTF8.GetString(content) },
                5 => one with { Scalars = ReadSummary(content) },
                _ => throw new InvalidDataException($"Field {field} of an event."),
            };
        }
        return one;
    }

    private static List<(string, float)> ReadSummary(ReadOnlySpan<byte> bytes)
    {
        var scalars = new List<(string, float)>();
        while (bytes.Length > 0)
        {
            var (field, _, value) = Next(ref bytes);
            Assert.Equal(1, field);
            var (tag, scalar) = ("", float.NaN);
            while (value.Length > 0)
            {
                var (inner, number, content) = Next(ref value);
                if (inner == 1)
                    tag = Encoding.UTF8.GetString(content);
                else if (inner == 2)
                    scalar = BitConverter.Int32BitsToSingle((int)number);
                else
                    throw new InvalidDataException($"Field {inner} of a value.");
            }
            scalars.Add((tag, scalar));
        }
        return scalars;
    }

    private static Field Next(ref ReadOnlySpan<byte> bytes)
    {
        var key = Varint(ref bytes);
        ulong number = 0;
        ReadOnlySpan<byte> content = default;
        switch (key & 7)
        {
            case 0:
                number = Varint(ref bytes);
                break;
            case 1:
                number = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
                bytes = bytes[8..];
                break;
            case 2:
                var length = (int)Varint(ref bytes);
                content = bytes[..length];
                bytes = bytes[length..];
                break;
            case 5:
                number = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
                bytes = bytes[4..];
                break;
            default:
                throw new InvalidDataException($"Wire type {key & 7}.");
        }
        return new((int)(key >> 3), number, content);
    }

    private static ulong Varint(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var one = bytes[0];
            bytes = bytes[1..];
            value |= (ulong)(one & 0x7F) << shift;
            if (one < 0x80)
                return value;
        }
    }

    private readonly ref struct Field(int number, ulong value, ReadOnlySpan<byte> content)
    {
        private readonly ReadOnlySpan<byte> _content = content;

        public void Deconstruct(out int field, out ulong scalar, out ReadOnlySpan<byte> bytes)
        {
            field = number;
            scalar = value;
            bytes = _content;
        }
    }
}
