namespace ExBurn.Native;

// What is in a dataset: values, statistics, transforms of an array, images in files.
internal static unsafe partial class BurnBridge
{
    /// <summary>Rows of one array; 64-bit integers come back as 32-bit ones.</summary>
    public static NativeOutputs DatasetRows(DatasetHandle dataset, DatasetRole role, int index, long first, long count)
    {
        using var lease = new HandleLease<ExbDataset>(dataset);
        ExbOutputs* outputs;
        ExbError* error;
        var status = NativeMethods.exb_dataset_rows(
            lease.Pointer, (int)role, (ulong)index, (ulong)first, (ulong)count, &outputs, &error);
        NativeError.Check(status, error);
        return new NativeOutputs(outputs);
    }

    /// <summary>Mean, population deviation, least and most of each group.</summary>
    public static NativeOutputs DatasetStatistics(DatasetHandle dataset, DatasetRole role, int index, StatisticsGrouping grouping)
    {
        using var lease = new HandleLease<ExbDataset>(dataset);
        ExbOutputs* outputs;
        ExbError* error;
        NativeError.Check(
            NativeMethods.exb_dataset_statistics(lease.Pointer, (int)role, (ulong)index, (int)grouping, &outputs, &error), error);
        return new NativeOutputs(outputs);
    }

    /// <summary>The same rows with one array as (x - shift) / scale.</summary>
    public static DatasetHandle NormalizeDataset(
        DatasetHandle dataset, DatasetRole role, int index, StatisticsGrouping grouping, ReadOnlySpan<double> shift, ReadOnlySpan<double> scale)
    {
        using var lease = new HandleLease<ExbDataset>(dataset);
        ExbDataset* made;
        ExbError* error;
        fixed (double* subtract = shift)
        fixed (double* divide = scale)
        {
            var status = NativeMethods.exb_dataset_normalize(
                lease.Pointer, (int)role, (ulong)index, (int)grouping, subtract, divide, (nuint)shift.Length, &made, &error);
            NativeError.Check(status, error);
        }
        return Owned(made);
    }

    /// <summary>The same rows with each row of one array divided by its length.</summary>
    public static DatasetHandle UnitRows(DatasetHandle dataset, DatasetRole role, int index)
    {
        using var lease = new HandleLease<ExbDataset>(dataset);
        ExbDataset* made;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_dataset_unit_rows(lease.Pointer, (int)role, (ulong)index, &made, &error), error);
        return Owned(made);
    }

    /// <summary>The same rows with an integer target as 0 and 1 per class.</summary>
    public static DatasetHandle OneHotTarget(DatasetHandle dataset, int target, int classes)
    {
        using var lease = new HandleLease<ExbDataset>(dataset);
        ExbDataset* made;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_dataset_one_hot(lease.Pointer, (ulong)target, (ulong)classes, &made, &error), error);
        return Owned(made);
    }

    /// <summary>How often each class of an integer target occurs, at least <paramref name="classes"/> numbers.</summary>
    public static long[] ClassCounts(DatasetHandle dataset, int target, int classes)
    {
        using var lease = new HandleLease<ExbDataset>(dataset);
        ExbOutputs* outputs;
        ExbError* error;
        NativeError.Check(
            NativeMethods.exb_dataset_class_counts(lease.Pointer, (ulong)target, (ulong)classes, &outputs, &error), error);
        using var counts = new NativeOutputs(outputs);
        return counts.Data<long>(0).ToArray();
    }

    /// <summary>Adds images in files as an input; gives the shape [rows, channels, height, width].</summary>
    public static Shape AddImages(DatasetHandle dataset, string json)
    {
        using var lease = new HandleLease<ExbDataset>(dataset);
        using var text = Utf8.Encode(json, stackalloc byte[TextScratch]);
        var shape = stackalloc long[4];
        ExbError* error;
        fixed (byte* bytes = text)
            NativeError.Check(
                NativeMethods.exb_dataset_add_images(lease.Pointer, bytes, text.Length, shape, &error), error);
        return Shape.Create(new ReadOnlySpan<long>(shape, 4));
    }

    /// <summary>Decodes all files; gives those that fail, as JSON.</summary>
    public static string CheckImages(string json)
    {
        EnsureLoaded();
        using var text = Utf8.Encode(json, stackalloc byte[TextScratch]);
        ExbBuffer buffer;
        ExbError* error;
        fixed (byte* bytes = text)
            NativeError.Check(NativeMethods.exb_images_check(bytes, text.Length, &buffer, &error), error);
        return TakeText(buffer);
    }
}
