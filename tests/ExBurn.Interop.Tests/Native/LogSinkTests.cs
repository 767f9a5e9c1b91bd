using System.Collections.Concurrent;
using ExBurn.Native;

namespace ExBurn.Tests.Native;

/// <summary>Native log records.</summary>
public sealed class LogSinkTests
{
    [Fact]
    public void Records_arrive_until_the_sink_is_cleared_and_its_exceptions_are_dropped()
    {
        var sink = new Sink();
        BurnBridge.SetLogSink(sink, NativeLogLevel.Trace);
        try
        {
            using var device = BoundaryCase.OpenCpu();
            using var model = BoundaryCase.NewModel(device);
        }
        finally
        {
            BurnBridge.SetLogSink(null, NativeLogLevel.Off);
        }
        var heard = sink.Records.Count;
        Assert.True(heard > 0, "no record came");
        Assert.All(sink.Records, r => Assert.InRange(r.Level, NativeLogLevel.Error, NativeLogLevel.Trace));
        using (BoundaryCase.OpenCpu())
            Assert.Equal(heard, sink.Records.Count);
    }

    private sealed class Sink : INativeLogSink
    {
        public ConcurrentQueue<(NativeLogLevel Level, string Target, string Message)> Records { get; } = new();

        public void Write(NativeLogLevel level, string target, string message)
        {
            Records.Enqueue((level, target, message));
            throw new InvalidOperationException("a sink that fails");
        }
    }
}
