using System.Buffers.Binary;
using System.Text;

namespace ExBurn.Tests.Native;

/// <summary>Reads the names that a Linux library exports, so that the test needs no tool.</summary>
internal static class ElfFile
{
    /// <summary>Defined symbols of <c>.dynsym</c> of a 64-bit little-endian file.</summary>
    public static IEnumerable<string> DynamicSymbols(byte[] file)
    {
        const int DynamicSymbolTable = 11;
        var sections = (int)U64(file, 0x28);
        int size = U16(file, 0x3A), count = U16(file, 0x3C);
        for (var i = 0; i < count; i++)
        {
            var section = sections + (i * size);
            if (U32(file, section + 4) != DynamicSymbolTable)
                continue;
            int start = (int)U64(file, section + 0x18), length = (int)U64(file, section + 0x20);
            var strings = (int)U64(file, sections + ((int)U32(file, section + 0x28) * size) + 0x18);
            for (var symbol = start; symbol < start + length; symbol += 24)
                if (U16(file, symbol + 6) != 0)
                    yield return Text(file, strings + (int)U32(file, symbol));
        }
    }

    private static string Text(byte[] file, int at)
        => Encoding.UTF8.GetString(file, at, Array.IndexOf(file, (byte)0, at) - at);

    private static ushort U16(byte[] file, int at) => BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(at));

    private static uint U32(byte[] file, int at) => BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at));

    private static ulong U64(byte[] file, int at) => BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));
}
