namespace ExBurn.Native;

// Datasets made from datasets: every result is a handle of its own.
internal static unsafe partial class BurnBridge
{
    /// <summary>A range of rows that shares the arrays.</summary>
    public static DatasetHandle SliceDataset(DatasetHandle dataset, long first, long count)
    {
        using var lease = new HandleLease<ExbDataset>(dataset);
        ExbDataset* part;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_dataset_slice(lease.Pointer, (ulong)first, (ulong)count, &part, &error), error);
        return Owned(part);
    }

    /// <summary>The rows at some positions.</summary>
    public static DatasetHandle SelectFromDataset(DatasetHandle dataset, ReadOnlySpan<ulong> positions)
    {
        using var lease = new HandleLease<ExbDataset>(dataset);
        ExbDataset* part;
        ExbError* error;
        fixed (ulong* position = positions)
            NativeError.Check(
                NativeMethods.exb_dataset_select(lease.Pointer, position, (nuint)positions.Length, &part, &error), error);
        return Owned(part);
    }

    /// <summary>Parts of given sizes, which add up to all rows.</summary>
    public static DatasetHandle[] SplitDataset(DatasetHandle dataset, ReadOnlySpan<ulong> sizes, SplitKind kind, int target, long seed)
    {
        using var lease = new HandleLease<ExbDataset>(dataset);
        var parts = new nint[sizes.Length];
        ExbError* error;
        fixed (ulong* size = sizes)
        fixed (nint* part = parts)
        {
            var status = NativeMethods.exb_dataset_split(lease.Pointer, size, (nuint)sizes.Length, (int)kind, (ulong)target,
                unchecked((ulong)seed), (ExbDataset**)part, &error);
            NativeError.Check(status, error);
        }
        return [.. parts.Select(part => Owned((ExbDataset*)part))];
    }

    /// <summary>The rows of several datasets one after the other.</summary>
    public static DatasetHandle ConcatDatasets(IReadOnlyList<DatasetHandle> datasets)
    {
        var pointers = new nint[datasets.Count];
        var held = 0;
        try
        {
            for (; held < pointers.Length; held++)
            {
                var taken = false;
                datasets[held].DangerousAddRef(ref taken);
                pointers[held] = (nint)datasets[held].Pointer;
            }
            ExbDataset* joined;
            ExbError* error;
            fixed (nint* pointer = pointers)
                NativeError.Check(
                    NativeMethods.exb_dataset_concat((ExbDataset**)pointer, (nuint)pointers.Length, &joined, &error), error);
            return Owned(joined);
        }
        finally
        {
            while (held > 0)
                datasets[--held].DangerousRelease();
        }
    }

    /// <summary>The same rows with a sampler and mixing, and the rows drawn in an epoch.</summary>
    public static (DatasetHandle Fed, long EpochRows) FeedDataset(DatasetHandle dataset, string json, ReadOnlySpan<double> weights)
    {
        using var lease = new HandleLease<ExbDataset>(dataset);
        using var text = Utf8.Encode(json, stackalloc byte[TextScratch]);
        ulong rows;
        ExbDataset* fed;
        ExbError* error;
        fixed (byte* bytes = text)
        fixed (double* weight = weights)
        {
            var status = NativeMethods.exb_dataset_feed(
                lease.Pointer, bytes, text.Length, weight, (nuint)weights.Length, &rows, &fed, &error);
            NativeError.Check(status, error);
        }
        return (Owned(fed), checked((long)rows));
    }

    /// <summary>The same rows with images decoded into memory.</summary>
    public static DatasetHandle DatasetInMemory(DatasetHandle dataset)
    {
        using var lease = new HandleLease<ExbDataset>(dataset);
        ExbDataset* held;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_dataset_in_memory(lease.Pointer, &held, &error), error);
        return Owned(held);
    }

    private static DatasetHandle Owned(ExbDataset* dataset)
    {
        var handle = new DatasetHandle();
        handle.Fill(dataset);
        return handle;
    }
}
