using System.Buffers.Binary;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Data;

public sealed class IdxFileTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Reads_plain_and_gzip_by_content(bool zipped)
    {
        var content = IdxBytes.Make(0x08, [2, 3], [1, 2, 3, 4, 5, 255]);
        var file = Read(zipped ? IdxBytes.Zip(content) : content);

        Assert.Equal(IdxElementType.UInt8, file.ElementType);
        Assert.Equal<Shape>([2, 3], file.Shape);
        Assert.Equal(6, file.Count);
        Assert.Equal([1f, 2, 3, 4, 5, 255], file.ToSingles());
    }

    [Fact]
    public void Reads_every_element_type_as_big_endian()
    {
        var bytes = new byte[8];
        Assert.Equal([-1f], Read(IdxBytes.Make(0x09, [1], [0xFF])).ToSingles());
        Assert.Equal([-2f], Read(IdxBytes.Make(0x0B, [1], [0xFF, 0xFE])).ToSingles());
        Assert.Equal([65536f], Read(IdxBytes.Make(0x0C, [1], [0, 1, 0, 0])).ToSingles());
        BinaryPrimitives.WriteSingleBigEndian(bytes, 1.5f);
        Assert.Equal([1.5f], Read(IdxBytes.Make(0x0D, [1], bytes[..4])).ToSingles());
        BinaryPrimitives.WriteDoubleBigEndian(bytes, -0.25);
        Assert.Equal([-0.25f], Read(IdxBytes.Make(0x0E, [1], bytes)).ToSingles());
    }

    [Fact]
    public void Reads_an_array_without_elements()
    {
        Assert.Equal(0, Read(IdxBytes.Make(0x08, [0, 28, 28], [])).Count);
    }

    [Fact]
    public void Reads_arrays_larger_than_its_first_chunk()
    {
        var data = new byte[(3 << 20) + 7];
        new Random(1).NextBytes(data);
        Assert.True(Read(IdxBytes.Zip(IdxBytes.Make(0x08, [(uint)data.Length], data))).Bytes.SequenceEqual(data));
    }

    [Fact]
    public void Leaves_the_stream_open()
    {
        using var stream = new MemoryStream(IdxBytes.Labels(1, 2));
        IdxFile.Read(stream, "here");
        Assert.True(stream.CanRead);
    }

    public static TheoryData<string, byte[]> Broken => new()
    {
        { "magic number", [] },
        { "magic number", [0] },
        { "magic number", [0, 0, 8] },
        { "magic number", "PK\u0003\u0004 not an idx file"u8.ToArray() },
        { "magic number", [0, 0, 7, 1, 0, 0, 0, 0] },
        { "magic number", [0, 0, 0x0A, 1, 0, 0, 0, 0] },
        { "rank", [0, 0, 8, 0] },
        { "rank", [0, 0, 8, 200, 0, 0, 0, 0] },
        { "extents", [0, 0, 8, 3, 0, 0, 0, 1, 0, 0] },
        { "extent 0", IdxBytes.Make(0x08, [0xFFFFFFFF], []) },
        { "size", IdxBytes.Make(0x0E, [0x7FFFFFFF, 0x7FFFFFFF, 0x7FFFFFFF], []) },
        { "elements", IdxBytes.Make(0x08, [5], [1, 2, 3, 4]) },
        { "elements", IdxBytes.Make(0x08, [0x7FFFFFFF], [1, 2, 3]) },
        { "elements", IdxBytes.Make(0x08, [3], [1, 2, 3, 4]) },
        { "elements", IdxBytes.Zip(IdxBytes.Make(0x08, [3], [1, 2, 3, 4])) },
        { "elements", IdxBytes.Zip(IdxBytes.Images(10))[..200] },
        { "gzip stream", [0x1F, 0x8B, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99] },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void Broken_content_is_an_error_that_names_file_and_part(string part, byte[] content)
    {
        var error = Assert.Throws<DataFormatException>(() => Read(content));
        Assert.Equal("some.idx", error.File);
        Assert.Equal(part, error.Part);
        Assert.Contains("some.idx", error.Message, StringComparison.Ordinal);
        Assert.Contains(error.Expected!, error.Message, StringComparison.Ordinal);
        Assert.Contains(error.Found!, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("absent", Assert.Throws<FileNotFoundException>(() => IdxFile.Read(folder.File("absent"))).Message, StringComparison.Ordinal);
    }

    private static IdxFile Read(byte[] content)
    {
        using var stream = new MemoryStream(content);
        return IdxFile.Read(stream, "some.idx");
    }
}
