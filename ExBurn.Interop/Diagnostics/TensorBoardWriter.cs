using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace ExBurn;

/// <summary>
/// Writes an event file that TensorBoard reads: <c>events.out.tfevents.&lt;seconds&gt;.&lt;host&gt;...</c> in a folder. Scalars are gathered
/// and go to the file at <see cref="Flush"/>; between two flushes no file is open. Not safe for several threads.
/// </summary>
public sealed class TensorBoardWriter
{
    // Protobuf: Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5 },
    // Summary { repeated Value value = 1 }, Value { string tag = 1; float simple_value = 2 }. A key is field * 8 + kind.
    private const byte WallTime = 0x09, Step = 0x10, FileVersion = 0x1A, Summary = 0x2A, Value = 0x0A, Tag = 0x0A, SimpleValue = 0x15;
    private static readonly DateTime UnixEpoch = new(1970, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private readonly List<byte[]> _waiting = [];

    /// <summary>A new event file.</summary>
    /// <param name="folder">Where; made if it is not there. Its name is the run's name in TensorBoard.</param>
    public TensorBoardWriter(string folder)
    {
        Directory.CreateDirectory(Check.NotNull(folder, nameof(folder)));
        // Seconds, host, and something of its own: two writers never share a file.
        FilePath = Path.Combine(folder, string.Format(CultureInfo.InvariantCulture,
            "events.out.tfevents.{0:0000000000}.{1}.{2}", Math.Floor(Now()), Environment.MachineName, Guid.NewGuid().ToString("N").Substring(0, 8)));
        var version = Encoding.UTF8.GetBytes("brain.Event:2");
        WriteEvent(null, FileVersion, version);
        Flush();
    }

    /// <summary>The file.</summary>
    public string FilePath { get; }

    /// <summary>Adds a point to a curve.</summary>
    /// <param name="tag">Name of the curve; what stands before a slash groups curves.</param>
    /// <param name="value">The value; kept in single precision, as the format has it.</param>
    /// <param name="step">Where on the horizontal axis.</param>
    public void AddScalar(string tag, double value, long step)
    {
        var name = Encoding.UTF8.GetBytes(Check.NotNull(tag, nameof(tag)));
        using var inner = new MemoryStream();
        WriteBytes(inner, Tag, name);
        inner.WriteByte(SimpleValue);
        var single = (float)value;
        WriteUInt32(inner, unchecked((uint)SingleBits(single)));
        using var summary = new MemoryStream();
        WriteBytes(summary, Value, inner.ToArray());
        WriteEvent(step, Summary, summary.ToArray());
    }

    /// <summary>Appends what was added to the file.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Flush()
    {
        if (_waiting.Count == 0)
            return;
        using (var file = new FileStream(FilePath, FileMode.Append, FileAccess.Write, FileShare.ReadWrite))
            foreach (var record in _waiting)
                file.Write(record, 0, record.Length);
        _waiting.Clear();
    }

    private static double Now() => (DateTime.UtcNow - UnixEpoch).TotalSeconds;

    private static int SingleBits(float value)
    {
        Span<float> one = [value];
        return System.Runtime.InteropServices.MemoryMarshal.Cast<float, int>(one)[0];
    }

    private void WriteEvent(long? step, byte key, byte[] content)
    {
        using var payload = new MemoryStream();
        payload.WriteByte(WallTime);
        WriteUInt64(payload, unchecked((ulong)BitConverter.DoubleToInt64Bits(Now())));
        if (step is { } number)
        {
            payload.WriteByte(Step);
            WriteVarint(payload, unchecked((ulong)number));
        }
        WriteBytes(payload, key, content);
        WriteRecord(payload.ToArray());
    }

    /// <summary>Length, its check sum, content, its check sum.</summary>
    private void WriteRecord(byte[] content)
    {
        var length = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)content.Length);
        using var record = new MemoryStream();
        record.Write(length, 0, length.Length);
        WriteUInt32(record, Crc32C.Masked(length));
        record.Write(content, 0, content.Length);
        WriteUInt32(record, Crc32C.Masked(content));
        _waiting.Add(record.ToArray());
    }

    private static void WriteBytes(MemoryStream to, byte key, byte[] bytes)
    {
        to.WriteByte(key);
        WriteVarint(to, (ulong)bytes.Length);
        to.Write(bytes, 0, bytes.Length);
    }

    private static void WriteVarint(MemoryStream to, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            to.WriteByte((byte)(value | 0x80));
        to.WriteByte((byte)value);
    }

    private static void WriteUInt32(MemoryStream to, uint value)
    {
        var bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        to.Write(bytes, 0, bytes.Length);
    }

    private static void WriteUInt64(MemoryStream to, ulong value)
    {
        var bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        to.Write(bytes, 0, bytes.Length);
    }
}
