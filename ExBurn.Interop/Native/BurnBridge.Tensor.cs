namespace ExBurn.Native;

/// <summary>How an operation on tensors runs.</summary>
internal readonly record struct TensorOptionsNative(uint Tracking, bool Training, ulong Seed, ulong Counter)
{
    public ExbTensorOptions ToNative() => new()
    {
        struct_size = (uint)SizeOf,
        tracking = Tracking,
        training = Training ? 1u : 0,
        autocast = Precisions.Half(Autocast.DType),
        seed = Seed,
        counter = Counter,
    };

    private static unsafe int SizeOf => sizeof(ExbTensorOptions);
}

internal static unsafe partial class BurnBridge
{
    /// <summary>Copies an array to a device; no element type takes the array's own.</summary>
    public static TensorHandle NewTensor(DeviceHandle device, in ArrayInput array, DType? dtype)
    {
        using var lease = new HandleLease<ExbDevice>(device);
        ExbTensor* tensor;
        ExbError* error;
        fixed (byte* data = array.Data)
        fixed (long* shape = array.Shape)
        {
            var native = ToNative(array, data, shape);
            NativeError.Check(NativeMethods.exb_tensor_new(lease.Pointer, &native, dtype is { } type ? (int)type : -1, &tensor, &error), error);
        }
        return Owned(tensor);
    }

    /// <summary>A tensor made by rule.</summary>
    public static TensorHandle FillTensor(
        DeviceHandle device, TensorFill kind, double a, double b, ReadOnlySpan<long> shape, DType dtype, ulong seed, ulong counter)
    {
        using var lease = new HandleLease<ExbDevice>(device);
        ExbTensor* tensor;
        ExbError* error;
        fixed (long* sizes = shape)
            NativeError.Check(NativeMethods.exb_tensor_fill(
                lease.Pointer, (int)kind, a, b, sizes, (nuint)shape.Length, (int)dtype, seed, counter, &tensor, &error), error);
        return Owned(tensor);
    }

    public static (DType DType, Shape Shape) TensorInfo(TensorHandle tensor)
    {
        const int most = 64;
        using var lease = new HandleLease<ExbTensor>(tensor);
        var sizes = stackalloc long[most];
        int dtype;
        nuint rank;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_tensor_info(lease.Pointer, &dtype, &rank, sizes, most, &error), error);
        if (rank > most)
            throw new ExBurnException($"the tensor has {rank} dimensions, at most {most} are possible", ErrorCode.Unsupported);
        return ((DType)dtype, Shape.Create(new ReadOnlySpan<long>(sizes, (int)rank)));
    }

    /// <summary>A copy of the elements; waits for the device.</summary>
    public static NativeOutputs ReadTensor(TensorHandle tensor)
    {
        using var lease = new HandleLease<ExbTensor>(tensor);
        ExbOutputs* outputs;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_tensor_read(lease.Pointer, &outputs, &error), error);
        return new(outputs);
    }

    /// <summary>Runs an operation. Gives the number of its results; the first of them are put into <paramref name="results"/>.</summary>
    public static int ApplyTensors(
        string operation, string config, ReadOnlySpan<Tensor> inputs, in TensorOptionsNative options, Span<TensorHandle?> results)
    {
        using var name = Utf8.Encode(operation, stackalloc byte[TextScratch]);
        using var text = Utf8.Encode(config, stackalloc byte[TextScratch]);
        using var leases = new TensorLeases(inputs, stackalloc nint[TensorScratch]);
        var native = options.ToNative();
        var places = stackalloc ExbTensor*[results.Length];
        nuint count;
        ExbError* error;
        fixed (byte* nameBytes = name)
        fixed (byte* bytes = text)
        fixed (nint* pointers = leases.Pointers)
            NativeError.Check(NativeMethods.exb_tensor_apply(nameBytes, name.Length, bytes, text.Length, (ExbTensor**)pointers,
                (nuint)inputs.Length, &native, places, (nuint)results.Length, &count, &error), error);
        for (var i = 0; i < results.Length && i < (int)count; i++)
            results[i] = Owned(places[i]);
        return (int)count;
    }

    /// <summary>A loss of a prediction.</summary>
    public static TensorHandle TensorLoss(string json, Tensor prediction, ReadOnlySpan<Tensor> targets, in TensorOptionsNative options)
    {
        using var text = Utf8.Encode(json, stackalloc byte[TextScratch]);
        using var lease = new HandleLease<ExbTensor>(prediction.Handle);
        using var leases = new TensorLeases(targets, stackalloc nint[TensorScratch]);
        var native = options.ToNative();
        ExbTensor* tensor;
        ExbError* error;
        fixed (byte* bytes = text)
        fixed (nint* pointers = leases.Pointers)
            NativeError.Check(NativeMethods.exb_tensor_loss(bytes, text.Length, lease.Pointer, (ExbTensor**)pointers,
                (nuint)targets.Length, &native, &tensor, &error), error);
        return Owned(tensor);
    }

    public static TensorHandle CastTensor(TensorHandle tensor, DType dtype, uint tracking)
    {
        using var lease = new HandleLease<ExbTensor>(tensor);
        ExbTensor* result;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_tensor_cast(lease.Pointer, (int)dtype, tracking, &result, &error), error);
        return Owned(result);
    }

    public static TensorHandle MoveTensor(TensorHandle tensor, DeviceHandle device, uint tracking)
    {
        using var lease = new HandleLease<ExbTensor>(tensor);
        using var to = new HandleLease<ExbDevice>(device);
        ExbTensor* result;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_tensor_to(lease.Pointer, to.Pointer, tracking, &result, &error), error);
        return Owned(result);
    }

    public static void AssignTensor(TensorHandle tensor, TensorHandle value)
    {
        using var lease = new HandleLease<ExbTensor>(tensor);
        using var other = new HandleLease<ExbTensor>(value);
        ExbError* error;
        NativeError.Check(NativeMethods.exb_tensor_assign(lease.Pointer, other.Pointer, &error), error);
    }

    private static TensorHandle Owned(ExbTensor* tensor)
    {
        var handle = new TensorHandle();
        handle.Fill(tensor);
        return handle;
    }

    /// <summary>So many handles are held without an allocation.</summary>
    private const int TensorScratch = 16;

    /// <summary>Keeps tensors alive for one call.</summary>
    private readonly ref struct TensorLeases
    {
        private readonly ReadOnlySpan<Tensor> _tensors;

        public TensorLeases(ReadOnlySpan<Tensor> tensors, Span<nint> scratch)
        {
            Pointers = tensors.Length <= scratch.Length ? scratch.Slice(0, tensors.Length) : new nint[tensors.Length];
            for (var i = 0; i < tensors.Length; i++)
            {
                try
                {
                    var taken = false;
                    var handle = tensors[i].Handle;
                    handle.DangerousAddRef(ref taken);
                    Pointers[i] = (nint)handle.Pointer;
                }
                catch
                {
                    Release(tensors.Slice(0, i));
                    throw;
                }
            }
            _tensors = tensors;
        }

        public Span<nint> Pointers { get; }

        public void Dispose() => Release(_tensors);

        private static void Release(ReadOnlySpan<Tensor> tensors)
        {
            foreach (var tensor in tensors)
                tensor.HandleInUse.DangerousRelease();
        }
    }
}
