using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ExBurn.Native;

internal static unsafe partial class BurnBridge
{
    /// <summary>
    /// Trains one epoch, or a part of it. One row of rates for all steps, or one per optimizer step; momenta as well, or none.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled; the model is as after the last whole step.</exception>
    public static RunResultNative TrainEpoch(
        ModelHandle model, DatasetHandle dataset, in TrainOptionsNative options, ReadOnlySpan<double> rates, ReadOnlySpan<double> momenta,
        Span<double> metrics, IBatchObserver? observer, CancellationToken cancellationToken)
    {
        using var lease = new HandleLease<ExbModel>(model);
        using var data = new HandleLease<ExbDataset>(dataset);
        using var run = new ObservedRun(observer, cancellationToken);
        var native = options.ToNative();
        var result = NewResult();
        ExbError* error;
        fixed (double* rate = rates)
        fixed (double* momentum = momenta)
        fixed (double* metric = metrics)
        {
            native.momenta = momentum;
            native.momenta_len = (nuint)momenta.Length;
            var status = NativeMethods.exb_train_epoch(lease.Pointer, data.Pointer, &native, rate, (nuint)rates.Length, run.Cancel,
                run.Callback, run.State, &result, metric, (nuint)metrics.Length, &error);
            NativeError.Check(status, error, run.Context);
        }
        return new RunResultNative(result);
    }

    /// <summary>Loss and metrics over a dataset, in inference mode.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static RunResultNative Evaluate(
        ModelHandle model, DatasetHandle dataset, ulong batchSize, ulong reportEvery, Span<double> metrics,
        IBatchObserver? observer, CancellationToken cancellationToken)
    {
        using var lease = new HandleLease<ExbModel>(model);
        using var data = new HandleLease<ExbDataset>(dataset);
        using var run = new ObservedRun(observer, cancellationToken);
        var result = NewResult();
        ExbError* error;
        fixed (double* metric = metrics)
        {
            var status = NativeMethods.exb_evaluate(lease.Pointer, data.Pointer, batchSize, run.Cancel, run.Callback, run.State,
                reportEvery, &result, metric, (nuint)metrics.Length, &error);
            NativeError.Check(status, error, run.Context);
        }
        return new RunResultNative(result);
    }

    /// <summary>One optimizer step on one batch; when weighted, the last of the targets is a weight for each sample. Allocates nothing managed.</summary>
    public static RunResultNative TrainStep(
        ModelHandle model, in ArrayInputs inputs, in ArrayInputs targets, bool weighted, in TrainOptionsNative options, double rate, Span<double> metrics)
    {
        using var lease = new HandleLease<ExbModel>(model);
        var native = options.ToNative();
        var call = new ArrayCall { Kind = ArrayCallKind.TrainStep, Target = lease.Pointer, Options = &native, Rate = rate, Weighted = weighted ? 1u : 0 };
        return RunStep(ref call, inputs, targets, metrics);
    }

    /// <summary>As <see cref="TrainStep"/>; gives the seconds of its four parts: data, forward, backward, optimizer.</summary>
    public static RunResultNative ProfileStep(
        ModelHandle model, in ArrayInputs inputs, in ArrayInputs targets, in TrainOptionsNative options, double rate, Span<double> seconds,
        bool weighted, Span<double> metrics)
    {
        using var lease = new HandleLease<ExbModel>(model);
        var native = options.ToNative();
        var parts = stackalloc double[4];
        var call = new ArrayCall
        {
            Kind = ArrayCallKind.ProfileStep,
            Target = lease.Pointer,
            Options = &native,
            Rate = rate,
            Seconds = parts,
            Weighted = weighted ? 1u : 0,
        };
        var result = RunStep(ref call, inputs, targets, metrics);
        new ReadOnlySpan<double>(parts, 4).CopyTo(seconds);
        return result;
    }

    /// <summary>Loss and metrics of one batch, in inference mode; when weighted, the last of the targets is a weight for each sample. Allocates nothing managed.</summary>
    public static RunResultNative EvaluateStep(ModelHandle model, in ArrayInputs inputs, in ArrayInputs targets, bool weighted, Span<double> metrics)
    {
        using var lease = new HandleLease<ExbModel>(model);
        var call = new ArrayCall { Kind = ArrayCallKind.EvaluateStep, Target = lease.Pointer, Weighted = weighted ? 1u : 0 };
        return RunStep(ref call, inputs, targets, metrics);
    }

    private static RunResultNative RunStep(ref ArrayCall call, in ArrayInputs inputs, in ArrayInputs targets, Span<double> metrics)
    {
        var result = NewResult();
        fixed (double* metric = metrics)
        {
            call.Result = &result;
            call.Metrics = metric;
            call.MetricCapacity = (nuint)metrics.Length;
            RunWithArrays(ref call, inputs, targets);
        }
        return new RunResultNative(result);
    }

    private static ExbRunResult NewResult() => new() { struct_size = (uint)sizeof(ExbRunResult) };

    /// <summary>Observer and cancel flag of one run, and their release.</summary>
    private readonly ref struct ObservedRun
    {
        private readonly CallbackState? _state;
        private readonly GCHandle _pin;
        private readonly CancelHandle? _cancel;
        private readonly CancellationTokenRegistration _registration;
        private readonly CancellationToken _token;

        public ObservedRun(IBatchObserver? observer, CancellationToken token)
        {
            token.ThrowIfCancellationRequested();
            _token = token;
            if (token.CanBeCanceled)
            {
                _cancel = NewCancel();
                _registration = token.Register(static flag => SetCancel((CancelHandle)flag!), _cancel);
            }
            if (observer != null)
            {
                _state = new CallbackState(observer);
                _pin = GCHandle.Alloc(_state);
            }
        }

        /// <summary>Valid until <see cref="Dispose"/>: nobody else holds the handle but the token, which never frees it.</summary>
        public ExbCancel* Cancel => _cancel == null ? null : _cancel.Pointer;

        public delegate* unmanaged[Cdecl]<void*, ExbBatchEvent*, int> Callback => _state == null ? null : BatchCallback;

        public void* State => _state == null ? null : (void*)GCHandle.ToIntPtr(_pin);

        public CallContext Context => new() { Token = _token, Thrown = _state?.Thrown };

        public void Dispose()
        {
            // The registration first: when it is gone, nobody sets a flag that is freed.
            _registration.Dispose();
            _cancel?.Dispose();
            if (_pin.IsAllocated)
                _pin.Free();
        }
    }

    private sealed class CallbackState(IBatchObserver observer)
    {
        public Exception? Thrown { get; private set; }

        /// <summary>0 go on, 1 stop, 2 failed. No exception may leave: it would end the process.</summary>
        public int Call(ExbBatchEvent* batch)
        {
            try
            {
                return observer.OnBatch(new BatchEventNative(batch)) == BatchFlow.Stop ? 1 : 0;
            }
            catch (Exception error)
            {
                Thrown = error;
                return 2;
            }
        }
    }

    private static int OnBatch(void* state, ExbBatchEvent* batch)
        => GCHandle.FromIntPtr((nint)state).Target is CallbackState target ? target.Call(batch) : 2;

#if NET8_0_OR_GREATER
    private static delegate* unmanaged[Cdecl]<void*, ExbBatchEvent*, int> BatchCallback => &OnBatchNative;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnBatchNative(void* state, ExbBatchEvent* batch) => OnBatch(state, batch);
#else
    // The field keeps the delegate, and with it the native entry, alive.
    private static readonly BatchDelegate BatchEntry = OnBatch;

    private static delegate* unmanaged[Cdecl]<void*, ExbBatchEvent*, int> BatchCallback
        => (delegate* unmanaged[Cdecl]<void*, ExbBatchEvent*, int>)Marshal.GetFunctionPointerForDelegate(BatchEntry);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int BatchDelegate(void* state, ExbBatchEvent* batch);
#endif

    private static CancelHandle NewCancel()
    {
        var handle = new CancelHandle();
        ExbCancel* cancel;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_cancel_new(&cancel, &error), error);
        handle.Fill(cancel);
        return handle;
    }

    private static void SetCancel(CancelHandle cancel)
    {
        using var lease = new HandleLease<ExbCancel>(cancel);
        NativeMethods.exb_cancel_set(lease.Pointer);
    }
}
