using System.Buffers;
using System.Text;

namespace ExBurn.Native;

/// <summary>Texts of the boundary: UTF-8 with a length.</summary>
internal static unsafe class Utf8
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a native text; empty for null.</summary>
    public static string Read(byte* text, nuint length)
        => text == null || length == 0 ? "" : Encoding.UTF8.GetString(text, checked((int)length));

    /// <summary>Writes a text into <paramref name="scratch"/>, or a rented array if it is longer. Dispose gives the array back.</summary>
    /// <exception cref="ArgumentException">The text has half a surrogate pair.</exception>
    public static Encoded Encode(string text, Span<byte> scratch)
    {
        var most = Strict.GetMaxByteCount(text.Length);
        var rented = most > scratch.Length ? ArrayPool<byte>.Shared.Rent(most) : null;
        var target = rented ?? scratch;
        fixed (char* from = text)
        fixed (byte* to = target)
        {
            var written = text.Length == 0 ? 0 : Strict.GetBytes(from, text.Length, to, target.Length);
            return new Encoded(target.Slice(0, written), rented);
        }
    }

    internal readonly ref struct Encoded(ReadOnlySpan<byte> bytes, byte[]? rented)
    {
        private readonly byte[]? _rented = rented;

        public ReadOnlySpan<byte> Bytes { get; } = bytes;

        public nuint Length => (nuint)Bytes.Length;

        public ref readonly byte GetPinnableReference() => ref Bytes.GetPinnableReference();

        public void Dispose()
        {
            if (_rented != null)
                ArrayPool<byte>.Shared.Return(_rented);
        }
    }
}
