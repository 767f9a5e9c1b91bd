using System.Collections.Concurrent;
using System.Diagnostics;
using ExBurn.Native;

namespace ExBurn;

/// <summary>
/// Where a model lives and computes. A value: naming a device costs nothing; it is opened at its first use and stays open
/// until the process ends. Safe for use by several threads.
/// </summary>
[DebuggerDisplay("{ToString(),nq}")]
public sealed record Device
{
    private static readonly ConcurrentDictionary<Device, DeviceHandle> Opened = new();

    private Device(DeviceKind kind, int index = 0, GpuAdapter adapter = GpuAdapter.Default)
    {
        Kind = kind;
        Index = index;
        Adapter = adapter;
    }

    /// <summary>The processor (Burn's Flex backend, with this library's own kernels): the default device.</summary>
    public static Device Cpu { get; } = new(DeviceKind.Cpu);

    /// <summary>The processor through Burn's NdArray backend.</summary>
    public static Device NdArray { get; } = new(DeviceKind.NdArray);

    /// <summary>A GPU through Vulkan, Metal or DirectX 12. Whether it exists is known when it is used, or by <see cref="IsAvailable"/>.</summary>
    /// <param name="index">Position among the adapters of that kind, from 0.</param>
    /// <param name="adapter">Kind of adapter.</param>
    /// <exception cref="ArgumentOutOfRangeException">The index is negative.</exception>
    public static Device Gpu(int index = 0, GpuAdapter adapter = GpuAdapter.Default)
        => new(DeviceKind.Gpu, Check.AtLeast(0, index, nameof(index)), adapter);

    /// <summary>Kind of the device.</summary>
    public DeviceKind Kind { get; }

    /// <summary>Position among the adapters of the kind; 0 on the CPU.</summary>
    public int Index { get; }

    /// <summary>Kind of GPU adapter.</summary>
    public GpuAdapter Adapter { get; }

    /// <summary>Whether the device can be opened. Opens it; never throws for a device that is missing.</summary>
    public bool IsAvailable => AvailabilityReason is null;

    /// <summary>Why the device cannot be used, in words; null when it can.</summary>
    public string? AvailabilityReason
    {
        get
        {
            try
            {
                Open();
                return null;
            }
            catch (Exception error) when (error is ExBurnException or ArgumentException)
            {
                return error.Message;
            }
        }
    }

    /// <summary>Name, backend, driver and element types of the device. Opens it.</summary>
    /// <exception cref="DeviceException">The device cannot be opened.</exception>
    public DeviceInfo Info => DeviceInfo.FromJson(Kind, BurnBridge.DeviceInfo(Open()));

    /// <summary>Waits until all work that was given to the device is done.</summary>
    /// <exception cref="DeviceException">The device cannot be opened or has failed.</exception>
    public void Synchronize() => BurnBridge.Synchronize(Open());

    /// <summary>As <see cref="Synchronize"/>, without blocking the caller's thread.</summary>
    /// <param name="cancellationToken">Ends waiting; the device works on.</param>
    /// <exception cref="DeviceException">The device cannot be opened or has failed.</exception>
    public Task SynchronizeAsync(CancellationToken cancellationToken = default)
    {
        var work = Task.Run(Synchronize, cancellationToken);
        if (!cancellationToken.CanBeCanceled)
            return work;
        var cancelled = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var registration = cancellationToken.Register(() => cancelled.TrySetCanceled(cancellationToken));
        return First(work, cancelled.Task, registration);

        static async Task First(Task work, Task cancelled, CancellationTokenRegistration registration)
        {
            using (registration)
                await (await Task.WhenAny(work, cancelled).ConfigureAwait(false)).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// What the device's memory holds now. On a GPU: of this process, as the allocator of the native library counts it, the work given so far
    /// done. On the CPU: of the whole process.
    /// </summary>
    /// <exception cref="DeviceException">The device cannot be opened or has failed.</exception>
    public DeviceMemory Memory => DeviceMemory.FromJson(BurnBridge.DeviceMemory(Open()));

    /// <summary>Gives memory that the library keeps for reuse back to the driver, as far as whole pages of it are free. Nothing happens on the CPU.</summary>
    /// <exception cref="DeviceException">The device cannot be opened or has failed.</exception>
    public void ReleaseMemory() => BurnBridge.ReleaseMemory(Open());

    /// <summary>Reads as <c>cpu</c>, <c>ndarray</c>, <c>gpu:0</c> or <c>gpu:0 (discrete)</c>.</summary>
    public override string ToString()
        => Kind != DeviceKind.Gpu ? Lower(Kind)
            : Adapter == GpuAdapter.Default ? $"gpu:{Index}"
            : $"gpu:{Index} ({Lower(Adapter)})";

    /// <summary>The native device, opened once per process.</summary>
    internal DeviceHandle Open()
    {
        if (Opened.TryGetValue(this, out var known))
            return known;
        var handle = BurnBridge.OpenDevice(ToJson());
        if (Opened.TryAdd(this, handle))
            return handle;
        handle.Dispose();
        return Opened[this];
    }

    internal string ToJson() => JsonText.Object(json =>
    {
        json.WriteString("kind", Lower(Kind));
        json.WriteString("adapter", Lower(Adapter));
        json.WriteNumber("index", Index);
    });

    private static string Lower<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}
