namespace ExBurn.Native;

internal static unsafe partial class BurnBridge
{
    public static DatasetHandle NewDataset()
    {
        EnsureLoaded();
        var handle = new DatasetHandle();
        ExbDataset* dataset;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_dataset_new(&dataset, &error), error);
        handle.Fill(dataset);
        return handle;
    }

    /// <summary>Copies an array into native memory. All arrays of a dataset have the same number of rows.</summary>
    public static void AddToDataset(DatasetHandle dataset, DatasetRole role, ArrayInput array)
    {
        using var lease = new HandleLease<ExbDataset>(dataset);
        ExbError* error;
        fixed (byte* data = array.Data)
        fixed (long* shape = array.Shape)
        {
            var native = ToNative(array, data, shape);
            NativeError.Check(NativeMethods.exb_dataset_add(lease.Pointer, (int)role, &native, &error), error);
        }
    }

    /// <summary>Number of rows.</summary>
    public static long DatasetLength(DatasetHandle dataset)
    {
        using var lease = new HandleLease<ExbDataset>(dataset);
        ulong rows;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_dataset_len(lease.Pointer, &rows, &error), error);
        return checked((long)rows);
    }

    private static ExbArray ToNative(ArrayInput array, byte* data, long* shape) => new()
    {
        struct_size = (uint)sizeof(ExbArray),
        dtype = (int)array.DType,
        data = data,
        byte_len = (nuint)array.Data.Length,
        shape = shape,
        rank = (nuint)array.Shape.Length,
    };
}
