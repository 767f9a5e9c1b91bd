using System.Buffers.Binary;
using System.IO.Compression;

namespace ExBurn;

/// <summary>
/// One array in the idx format (that of the MNIST files), plain or gzip; which of the two is told by the content, not the name.
/// Layout: two zero bytes, type code, rank, one big-endian 32-bit extent per dimension, the elements in row-major order.
/// </summary>
/// <remarks>The whole content is checked: magic, extents, exact number of bytes. Instances do not change.</remarks>
public sealed class IdxFile
{
    private const int MaxRank = 8;
    private const int FirstChunk = 1 << 20;

    private readonly byte[] _data;

    private IdxFile(string name, IdxElementType elementType, Shape shape, byte[] data)
    {
        Name = name;
        ElementType = elementType;
        Shape = shape;
        _data = data;
    }

    /// <summary>The path, or the name given with a stream; used in errors.</summary>
    public string Name { get; }

    /// <summary>Type of the elements.</summary>
    public IdxElementType ElementType { get; }

    /// <summary>Extents, outermost first.</summary>
    public Shape Shape { get; }

    /// <summary>Number of elements: the product of <see cref="Shape"/>.</summary>
    public int Count => _data.Length / SizeOf(ElementType);

    /// <summary>The elements as they stand in the file (row-major, big-endian).</summary>
    public ReadOnlySpan<byte> Bytes => _data;

    /// <summary>Reads a file.</summary>
    /// <param name="path">Path of a plain or gzip idx file.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="DataFormatException">The content is not a whole idx array.</exception>
    public static IdxFile Read(string path)
    {
        Check.NotNull(path, nameof(path));
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        return Read(stream, path);
    }

    /// <summary>Reads a stream to its end.</summary>
    /// <param name="stream">Plain or gzip content; stays open.</param>
    /// <param name="name">What to call it in errors.</param>
    /// <exception cref="DataFormatException">The content is not a whole idx array.</exception>
    public static IdxFile Read(Stream stream, string name)
    {
        Check.NotNull(stream, nameof(stream));
        Check.NotNull(name, nameof(name));
        var start = new byte[2];
        var got = Fill(stream, start, 2);
        using var whole = new PrefixedStream(start, got, stream);
        if (got < 2 || start[0] != 0x1F || start[1] != 0x8B)
        {
            return Parse(whole, name);
        }

        try
        {
            using var unzipped = new GZipStream(whole, CompressionMode.Decompress, leaveOpen: true);
            return Parse(unzipped, name);
        }
        catch (InvalidDataException damaged)
        {
            throw new DataFormatException(name, "gzip stream", "a whole, undamaged one", damaged.Message, damaged);
        }
    }

    /// <summary>The elements as single-precision numbers, whatever their type in the file.</summary>
    public float[] ToSingles()
    {
        var values = new float[Count];
        var size = SizeOf(ElementType);
        for (var i = 0; i < values.Length; i++)
        {
            var at = _data.AsSpan(i * size, size);
            values[i] = ElementType switch
            {
                IdxElementType.UInt8 => at[0],
                IdxElementType.Int8 => (sbyte)at[0],
                IdxElementType.Int16 => BinaryPrimitives.ReadInt16BigEndian(at),
                IdxElementType.Int32 => BinaryPrimitives.ReadInt32BigEndian(at),
                IdxElementType.Float32 => SingleFromBits(BinaryPrimitives.ReadInt32BigEndian(at)),
                _ => (float)BitConverter.Int64BitsToDouble(BinaryPrimitives.ReadInt64BigEndian(at)),
            };
        }

        return values;
    }

    private static IdxFile Parse(Stream stream, string name)
    {
        var magic = new byte[4];
        var got = Fill(stream, magic, 4);
        if (got < 4)
        {
            throw new DataFormatException(name, "magic number", "4 bytes", $"{got} bytes");
        }

        if (magic[0] != 0 || magic[1] != 0 || !IsKnown(magic[2]))
        {
            throw new DataFormatException(name, "magic number", "00 00, type 08 09 0B 0C 0D or 0E, rank", Hex(magic));
        }

        var type = (IdxElementType)magic[2];
        int rank = magic[3];
        if (rank is < 1 or > MaxRank)
        {
            throw new DataFormatException(name, "rank", $"1 to {MaxRank}", $"{rank}");
        }

        var shape = ReadShape(stream, name, rank);
        long count = 1;
        foreach (var extent in shape.AsSpan())
        {
            // Each factor is below 2^31 and the product so far too, so this cannot overflow before it is checked.
            count *= extent;
            if (count * SizeOf(type) > int.MaxValue)
            {
                throw new DataFormatException(name, "size", $"at most {int.MaxValue} bytes of elements", $"extents {shape}");
            }
        }

        return new IdxFile(name, type, shape, ReadElements(stream, name, (int)count * SizeOf(type)));
    }

    private static Shape ReadShape(Stream stream, string name, int rank)
    {
        var header = new byte[4 * rank];
        var got = Fill(stream, header, header.Length);
        if (got < header.Length)
        {
            throw new DataFormatException(name, "extents", $"{header.Length} bytes for rank {rank}", $"{got} bytes");
        }

        var shape = new long[rank];
        for (var i = 0; i < rank; i++)
        {
            var extent = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4 * i));
            if (extent > int.MaxValue)
            {
                throw new DataFormatException(name, $"extent {i}", $"at most {int.MaxValue}", $"{extent}");
            }

            shape[i] = extent;
        }

        return shape;
    }

    // Grows with what is really there: a header that promises two gigabytes must not make us reserve them.
    private static byte[] ReadElements(Stream stream, string name, int expected)
    {
        var data = new byte[Math.Min(expected, FirstChunk)];
        var got = Fill(stream, data, data.Length);
        while (got == data.Length && got < expected)
        {
            var larger = new byte[(int)Math.Min(expected, 2L * data.Length)];
            data.CopyTo(larger, 0);
            got += Fill(stream, larger, larger.Length - got, got);
            data = larger;
        }

        if (got < expected)
        {
            throw new DataFormatException(name, "elements", $"{expected} bytes", $"{got} bytes: the file is truncated");
        }

        if (stream.ReadByte() >= 0)
        {
            throw new DataFormatException(name, "elements", $"{expected} bytes", "more bytes after them");
        }

        return data;
    }

    private static int Fill(Stream stream, byte[] buffer, int count, int offset = 0)
    {
        var got = 0;
        while (got < count)
        {
            var read = stream.Read(buffer, offset + got, count - got);
            if (read == 0)
            {
                break;
            }

            got += read;
        }

        return got;
    }

    private static bool IsKnown(byte code) => code is 0x08 or 0x09 or >= 0x0B and <= 0x0E;

    private static int SizeOf(IdxElementType type) => type switch
    {
        IdxElementType.UInt8 or IdxElementType.Int8 => 1,
        IdxElementType.Int16 => 2,
        IdxElementType.Float64 => 8,
        _ => 4,
    };

    private static string Hex(byte[] bytes) => BitConverter.ToString(bytes).Replace('-', ' ');

    // BitConverter.Int32BitsToSingle is not in netstandard2.0.
    private static float SingleFromBits(int bits)
    {
        var bytes = BitConverter.GetBytes(bits);
        return BitConverter.ToSingle(bytes, 0);
    }
}
