using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace ExBurn.Tests.Data;

/// <summary>Image files written from their standards, with .NET's zlib: PNG (ISO/IEC 15948) and a JPEG (ITU-T T.81) of one colour.</summary>
internal static class ImageBytes
{
    /// <summary>A PNG of rows that are filtered already: each begins with the filter's number.</summary>
    public static byte[] Png(int width, int height, byte depth, byte kind, byte[] filtered, byte[]? palette = null, byte interlace = 0)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9], header[12]) = (depth, kind, interlace);
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            zlib.Write(filtered);
        return
        [
            0x89, .. "PNG\r\n\u001a\n"u8, .. Chunk("IHDR", header), .. palette is null ? [] : Chunk("PLTE", palette),
            .. Chunk("tEXt", "Title\0test"u8.ToArray()), .. Chunk("IDAT", packed.ToArray()), .. Chunk("IEND", []),
        ];
    }

    /// <summary>An RGB PNG without filters; pixels row by row.</summary>
    public static byte[] Rgb(int width, int height, params byte[] pixels)
        => Png(width, height, 8, 2, [.. pixels.Chunk(3 * width).SelectMany(row => row.Prepend((byte)0))]);

    /// <summary>A grey PNG without filters; pixels row by row.</summary>
    public static byte[] Gray(int width, int height, params byte[] pixels)
        => Png(width, height, 8, 0, [.. pixels.Chunk(width).SelectMany(row => row.Prepend((byte)0))]);

    /// <summary>A grey 8 x 8 JPEG of the value 200: the DC coefficient 72 with a quantisation of 8, so 128 + 72 * 8 / 8; category 7, bits 1001000.</summary>
    public static byte[] Jpeg() =>
    [
        0xFF, 0xD8,
        0xFF, 0xDB, 0, 67, 0, .. Enumerable.Repeat((byte)8, 64),
        0xFF, 0xC0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0,
        0xFF, 0xC4, 0, 20, 0x00, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7,
        0xFF, 0xC4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0,
        0b0_1001000, 0b0_1111111,
        0xFF, 0xD9,
    ];

    private static byte[] Chunk(string name, byte[] data)
    {
        byte[] named = [.. Encoding.ASCII.GetBytes(name), .. data];
        var (length, sum) = (new byte[4], new byte[4]);
        BinaryPrimitives.WriteInt32BigEndian(length, data.Length);
        BinaryPrimitives.WriteUInt32BigEndian(sum, Crc(named));
        return [.. length, .. named, .. sum];
    }

    private static uint Crc(byte[] data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ (0xEDB88320 & (uint)-(int)(crc & 1));
        }
        return ~crc;
    }
}
