using System.Buffers.Binary;
using System.IO.Compression;

namespace ExBurn.Tests.Data;

/// <summary>Makes idx files, right ones and wrong ones.</summary>
internal static class IdxBytes
{
    public static byte[] Make(byte type, uint[] extents, byte[] data)
    {
        var file = new byte[4 + (4 * extents.Length) + data.Length];
        file[2] = type;
        file[3] = (byte)extents.Length;
        for (var i = 0; i < extents.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(4 + (4 * i)), extents[i]);
        data.CopyTo(file, 4 + (4 * extents.Length));
        return file;
    }

    public static byte[] Images(int count, int rows = 28, int columns = 28) =>
        Make(0x08, [(uint)count, (uint)rows, (uint)columns], [.. Enumerable.Range(0, count * rows * columns).Select(i => (byte)i)]);

    public static byte[] Labels(params byte[] labels) => Make(0x08, [(uint)labels.Length], labels);

    public static byte[] Zip(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            zip.Write(content);
        return packed.ToArray();
    }
}
