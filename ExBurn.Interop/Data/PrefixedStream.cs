namespace ExBurn;

/// <summary>Bytes already read, then the rest of the stream they came from. Reading only; the inner stream stays open.</summary>
internal sealed class PrefixedStream : Stream
{
    private readonly byte[] _prefix;
    private readonly int _count;
    private readonly Stream _rest;
    private int _taken;

    public PrefixedStream(byte[] prefix, int count, Stream rest)
    {
        _prefix = prefix;
        _count = count;
        _rest = rest;
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        if (_taken == _count)
        {
            return _rest.Read(buffer, offset, count);
        }

        var part = Math.Min(count, _count - _taken);
        Array.Copy(_prefix, _taken, buffer, offset, part);
        _taken += part;
        return part;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
