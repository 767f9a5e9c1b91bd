using System.Runtime.InteropServices;

namespace ExBurn.Native;

/// <summary>
/// Owner of a native object. Made and filled by <see cref="BurnBridge"/> only; used through <see cref="HandleLease{T}"/>.
/// Disposing during a call is allowed: the object is freed when the call ends.
/// </summary>
internal abstract unsafe class NativeHandle<T> : SafeHandle where T : unmanaged
{
    protected NativeHandle()
        : base(IntPtr.Zero, ownsHandle: true)
    {
    }

    public sealed override bool IsInvalid => handle == IntPtr.Zero;

    /// <summary>The object; valid while leased.</summary>
    protected internal T* Pointer => (T*)handle;

    internal void Fill(T* native) => SetHandle((nint)native);
}

internal sealed unsafe class DeviceHandle : NativeHandle<ExbDevice>
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.exb_device_free(Pointer);
        return true;
    }
}

internal sealed unsafe class DatasetHandle : NativeHandle<ExbDataset>
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.exb_dataset_free(Pointer);
        return true;
    }
}

internal sealed unsafe class ModelHandle : NativeHandle<ExbModel>
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.exb_model_free(Pointer);
        return true;
    }
}

internal sealed unsafe class PredictorHandle : NativeHandle<ExbPredictor>
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.exb_predictor_free(Pointer);
        return true;
    }
}

internal sealed unsafe class GradientsHandle : NativeHandle<ExbGradients>
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.exb_gradients_free(Pointer);
        return true;
    }
}

internal sealed unsafe class CancelHandle : NativeHandle<ExbCancel>
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.exb_cancel_free(Pointer);
        return true;
    }
}

internal sealed unsafe class CheckpointHandle : NativeHandle<ExbCheckpoint>
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.exb_checkpoint_free(Pointer);
        return true;
    }
}

internal sealed unsafe class WeightsHandle : NativeHandle<ExbWeights>
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.exb_weights_free(Pointer);
        return true;
    }
}

/// <summary>A tensor. The collector is told of its memory, which it cannot see.</summary>
internal sealed unsafe class TensorHandle : NativeHandle<ExbTensor>
{
    private long _pressure;

    internal void AddPressure(long bytes)
    {
        _pressure = bytes;
        GC.AddMemoryPressure(bytes);
    }

    protected override bool ReleaseHandle()
    {
        NativeMethods.exb_tensor_free(Pointer);
        if (_pressure > 0)
            GC.RemoveMemoryPressure(_pressure);
        return true;
    }
}

internal sealed unsafe class TensorOptimizerHandle : NativeHandle<ExbTensorOptimizer>
{
    protected override bool ReleaseHandle()
    {
        NativeMethods.exb_tensor_optimizer_free(Pointer);
        return true;
    }
}
