using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace ExBurn;

/// <summary>Floating-point numbers of 16 bits as those of 32 bits, which hold them exactly.</summary>
internal static class HalfBits
{
    /// <summary>The bytes of the same numbers as <c>float</c>.</summary>
    public static byte[] ToSingles(ReadOnlySpan<byte> halves, DType dtype)
    {
        var result = new byte[halves.Length * 2];
        var singles = MemoryMarshal.Cast<byte, uint>(result.AsSpan());
        for (var i = 0; i < singles.Length; i++)
        {
            var bits = BinaryPrimitives.ReadUInt16LittleEndian(halves.Slice(2 * i));
            singles[i] = dtype == DType.BFloat16 ? (uint)bits << 16 : FromHalf(bits);
        }
        return result;
    }

    /// <summary>IEEE 754: sign, 5 bits of exponent, 10 of mantissa become sign, 8 and 23.</summary>
    private static uint FromHalf(ushort bits)
    {
        var sign = (uint)(bits & 0x8000) << 16;
        var (exponent, mantissa) = ((uint)(bits >> 10) & 0x1F, (uint)bits & 0x3FF);
        if (exponent == 31)
            return sign | 0x7F800000 | (mantissa << 13);
        if (exponent != 0)
            return sign | ((exponent + 112) << 23) | (mantissa << 13);
        if (mantissa == 0)
            return sign;
        // A number below the normal ones becomes a normal one.
        exponent = 113;
        for (; (mantissa & 0x400) == 0; mantissa <<= 1)
            exponent--;
        return sign | (exponent << 23) | ((mantissa & 0x3FF) << 13);
    }
}
