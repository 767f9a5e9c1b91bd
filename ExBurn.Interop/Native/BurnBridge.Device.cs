namespace ExBurn.Native;

internal static unsafe partial class BurnBridge
{
    public static DeviceHandle OpenDevice(string json)
    {
        EnsureLoaded();
        var handle = new DeviceHandle();
        using var text = Utf8.Encode(json, stackalloc byte[TextScratch]);
        ExbDevice* device;
        ExbError* error;
        fixed (byte* bytes = text)
            NativeError.Check(NativeMethods.exb_device_open(bytes, text.Length, &device, &error), error);
        handle.Fill(device);
        return handle;
    }

    /// <summary>Kind, name, backend, driver and element types, as JSON.</summary>
    public static string DeviceInfo(DeviceHandle device)
    {
        using var lease = new HandleLease<ExbDevice>(device);
        ExbBuffer buffer;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_device_info(lease.Pointer, &buffer, &error), error);
        return TakeText(buffer);
    }

    /// <summary>Bytes in use and reserved, number of allocations, as JSON; null where the device uses the process's memory.</summary>
    public static string DeviceMemory(DeviceHandle device)
    {
        using var lease = new HandleLease<ExbDevice>(device);
        ExbBuffer buffer;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_device_memory(lease.Pointer, &buffer, &error), error);
        return TakeText(buffer);
    }

    public static void ReleaseMemory(DeviceHandle device)
    {
        using var lease = new HandleLease<ExbDevice>(device);
        ExbError* error;
        NativeError.Check(NativeMethods.exb_device_release_memory(lease.Pointer, &error), error);
    }

    public static void Synchronize(DeviceHandle device)
    {
        using var lease = new HandleLease<ExbDevice>(device);
        ExbError* error;
        NativeError.Check(NativeMethods.exb_device_sync(lease.Pointer, &error), error);
    }
}
