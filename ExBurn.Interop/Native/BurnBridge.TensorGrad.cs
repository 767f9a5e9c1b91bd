using System.Runtime.InteropServices;

namespace ExBurn.Native;

/// <summary>The function of a gradient checkpoint. An exception ends the backward pass and comes out of it unchanged.</summary>
internal interface ICheckpointFunction
{
    /// <summary>Runs the function again. It owns the inputs; the results are handles that the caller owns.</summary>
    TensorHandle[] Rerun(TensorHandle[] inputs);
}

internal static unsafe partial class BurnBridge
{
    /// <summary>What a checkpoint's function threw in the backward pass that runs on this thread.</summary>
    [ThreadStatic]
    private static Exception? s_rerunError;

    public static void RequireGradient(TensorHandle tensor, bool on)
    {
        using var lease = new HandleLease<ExbTensor>(tensor);
        ExbError* error;
        NativeError.Check(NativeMethods.exb_tensor_require_grad(lease.Pointer, on ? 1u : 0, &error), error);
    }

    public static (bool Tracked, bool Leaf) TensorFlags(TensorHandle tensor)
    {
        using var lease = new HandleLease<ExbTensor>(tensor);
        uint flags;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_tensor_flags(lease.Pointer, &flags, &error), error);
        return ((flags & 1) != 0, (flags & 2) != 0);
    }

    /// <summary>The gradient of a leaf, or null.</summary>
    public static TensorHandle? TensorGradient(TensorHandle tensor)
    {
        using var lease = new HandleLease<ExbTensor>(tensor);
        ExbTensor* gradient;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_tensor_grad(lease.Pointer, &gradient, &error), error);
        return gradient == null ? null : Owned(gradient);
    }

    public static void SetTensorGradient(TensorHandle tensor, TensorHandle? gradient)
    {
        using var lease = new HandleLease<ExbTensor>(tensor);
        using var other = gradient is null ? default : new HandleLease<ExbTensor>(gradient);
        ExbError* error;
        NativeError.Check(NativeMethods.exb_tensor_set_grad(lease.Pointer, other.Pointer, &error), error);
    }

    public static TensorHandle DetachTensor(TensorHandle tensor)
    {
        using var lease = new HandleLease<ExbTensor>(tensor);
        ExbTensor* result;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_tensor_detach(lease.Pointer, &result, &error), error);
        return Owned(result);
    }

    public static void Backward(TensorHandle tensor, TensorHandle? gradient, bool retain)
    {
        using var lease = new HandleLease<ExbTensor>(tensor);
        using var other = gradient is null ? default : new HandleLease<ExbTensor>(gradient);
        ExbError* error;
        var status = NativeMethods.exb_tensor_backward(lease.Pointer, other.Pointer, retain ? 1u : 0, &error);
        NativeError.Check(status, error, new CallContext { Thrown = TakeRerunError() });
    }

    /// <summary>Gradients with respect to some tensors; null where there is none.</summary>
    public static TensorHandle?[] TensorGradients(TensorHandle tensor, TensorHandle? gradient, ReadOnlySpan<Tensor> of, bool retain)
    {
        using var lease = new HandleLease<ExbTensor>(tensor);
        using var other = gradient is null ? default : new HandleLease<ExbTensor>(gradient);
        using var leases = new TensorLeases(of, stackalloc nint[TensorScratch]);
        var places = new nint[of.Length];
        ExbError* error;
        fixed (nint* pointers = leases.Pointers)
        fixed (nint* place = places)
        {
            var status = NativeMethods.exb_tensor_gradients(
                lease.Pointer, other.Pointer, (ExbTensor**)pointers, (nuint)of.Length, retain ? 1u : 0, (ExbTensor**)place, &error);
            NativeError.Check(status, error, new CallContext { Thrown = TakeRerunError() });
        }
        return [.. places.Select(found => found == 0 ? null : Owned((ExbTensor*)found))];
    }

    /// <summary>Another handle of the same tensor.</summary>
    public static TensorHandle ShareTensor(TensorHandle tensor)
    {
        using var lease = new HandleLease<ExbTensor>(tensor);
        ExbTensor* result;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_tensor_share(lease.Pointer, &result, &error), error);
        return Owned(result);
    }

    /// <summary>Puts the results of a function into the graph as one node; the node holds the function.</summary>
    public static TensorHandle[] Checkpoint(ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, ICheckpointFunction function)
    {
        using var given = new TensorLeases(inputs, stackalloc nint[TensorScratch]);
        using var leases = new TensorLeases(outputs, stackalloc nint[TensorScratch]);
        var places = new nint[outputs.Length];
        // From here on the native side releases the state, once.
        var state = GCHandle.Alloc(function);
        ExbError* error;
        fixed (nint* input = given.Pointers)
        fixed (nint* output = leases.Pointers)
        fixed (nint* place = places)
            NativeError.Check(NativeMethods.exb_tensor_checkpoint((ExbTensor**)input, (nuint)inputs.Length, (ExbTensor**)output,
                (nuint)outputs.Length, RerunCallback, ReleaseCallback, (void*)GCHandle.ToIntPtr(state), (ExbTensor**)place, &error), error);
        return [.. places.Select(made => Owned((ExbTensor*)made))];
    }

    public static TensorOptimizerHandle NewTensorOptimizer(string json, ReadOnlySpan<Tensor> parameters)
    {
        using var text = Utf8.Encode(json, stackalloc byte[TextScratch]);
        using var leases = new TensorLeases(parameters, stackalloc nint[TensorScratch]);
        var handle = new TensorOptimizerHandle();
        ExbTensorOptimizer* optimizer;
        ExbError* error;
        fixed (byte* bytes = text)
        fixed (nint* pointers = leases.Pointers)
            NativeError.Check(NativeMethods.exb_tensor_optimizer_new(
                bytes, text.Length, (ExbTensor**)pointers, (nuint)parameters.Length, &optimizer, &error), error);
        handle.Fill(optimizer);
        return handle;
    }

    public static void StepTensorOptimizer(TensorOptimizerHandle optimizer, double rate)
    {
        using var lease = new HandleLease<ExbTensorOptimizer>(optimizer);
        ExbError* error;
        NativeError.Check(NativeMethods.exb_tensor_optimizer_step(lease.Pointer, rate, &error), error);
    }

    public static void ZeroTensorGradients(TensorOptimizerHandle optimizer)
    {
        using var lease = new HandleLease<ExbTensorOptimizer>(optimizer);
        ExbError* error;
        NativeError.Check(NativeMethods.exb_tensor_optimizer_zero_grad(lease.Pointer, &error), error);
    }

    /// <summary>Clips gradients by their common norm, then by value; 0 is off. Gives the norm before, NaN without clipping by norm.</summary>
    public static double ClipTensorGradients(ReadOnlySpan<Tensor> of, double clipNorm, double clipValue)
    {
        using var leases = new TensorLeases(of, stackalloc nint[TensorScratch]);
        double norm;
        ExbError* error;
        fixed (nint* pointers = leases.Pointers)
            NativeError.Check(NativeMethods.exb_tensor_clip_grad((ExbTensor**)pointers, (nuint)of.Length, clipNorm, clipValue, &norm, &error), error);
        return norm;
    }

    private static Exception? TakeRerunError()
    {
        var thrown = s_rerunError;
        s_rerunError = null;
        return thrown;
    }

    private static int Rerun(void* state, ExbTensor** inputs, nuint inputCount, ExbTensor** results, nuint resultCount)
    {
        try
        {
            var given = new TensorHandle[(int)inputCount];
            for (var i = 0; i < given.Length; i++)
                given[i] = Owned(inputs[i]);
            var function = (ICheckpointFunction)GCHandle.FromIntPtr((nint)state).Target!;
            var made = function.Rerun(given);
            if (made.Length != (int)resultCount)
            {
                foreach (var handle in made)
                    handle.Dispose();
                throw new InvalidOperationException(
                    $"The function of a gradient checkpoint gave {made.Length} tensors in the backward pass, {resultCount} before.");
            }
            for (var i = 0; i < made.Length; i++)
            {
                results[i] = made[i].Pointer;
                made[i].SetHandleAsInvalid();
            }
            return 0;
        }
        catch (Exception error)
        {
            s_rerunError = error;
            return 2;
        }
    }

    private static void Release(void* state) => GCHandle.FromIntPtr((nint)state).Free();

#if NET8_0_OR_GREATER
    private static delegate* unmanaged[Cdecl]<void*, ExbTensor**, nuint, ExbTensor**, nuint, int> RerunCallback => &RerunNative;

    private static delegate* unmanaged[Cdecl]<void*, void> ReleaseCallback => &ReleaseNative;

    [UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static int RerunNative(void* state, ExbTensor** inputs, nuint inputCount, ExbTensor** results, nuint resultCount)
        => Rerun(state, inputs, inputCount, results, resultCount);

    [UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static void ReleaseNative(void* state) => Release(state);
#else
    // The fields keep the delegates, and with them the native entries, alive.
    private static readonly RerunDelegate RerunEntry = Rerun;

    private static readonly ReleaseDelegate ReleaseEntry = Release;

    private static delegate* unmanaged[Cdecl]<void*, ExbTensor**, nuint, ExbTensor**, nuint, int> RerunCallback
        => (delegate* unmanaged[Cdecl]<void*, ExbTensor**, nuint, ExbTensor**, nuint, int>)Marshal.GetFunctionPointerForDelegate(RerunEntry);

    private static delegate* unmanaged[Cdecl]<void*, void> ReleaseCallback
        => (delegate* unmanaged[Cdecl]<void*, void>)Marshal.GetFunctionPointerForDelegate(ReleaseEntry);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int RerunDelegate(void* state, ExbTensor** inputs, nuint inputCount, ExbTensor** results, nuint resultCount);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate void ReleaseDelegate(void* state);
#endif
}
