using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ExBurn.Native;

/// <summary>Gives the batches of a run. Called on the thread that runs it; an exception ends the run and comes out of it unchanged.</summary>
internal interface IBatchSource
{
    /// <summary>The next batch, or null at the end.</summary>
    Batch? Next();

    /// <summary>Rates and momenta of an optimizer step of the epoch, from 0; asked for in order, when the step begins. NaN leaves a momentum as it is.</summary>
    void Pace(long step, Span<double> rates, Span<double> momenta);
}

internal static unsafe partial class BurnBridge
{
    /// <summary>Trains over the batches of a source until it ends.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; the model is as after the last whole step.</exception>
    public static RunResultNative TrainStream(
        ModelHandle model, IBatchSource source, in TrainOptionsNative options, Span<double> metrics, IBatchObserver? observer,
        CancellationToken cancellationToken)
    {
        using var lease = new HandleLease<ExbModel>(model);
        using var run = new ObservedRun(observer, cancellationToken);
        using var stream = new StreamState(source);
        var native = options.ToNative();
        var result = NewResult();
        ExbError* error;
        fixed (double* metric = metrics)
        {
            var status = NativeMethods.exb_train_stream(lease.Pointer, NextCallback, PaceCallback, stream.Pointer, &native, run.Cancel,
                run.Callback, run.State, &result, metric, (nuint)metrics.Length, &error);
            NativeError.Check(status, error, run.Context with { Thrown = stream.Thrown ?? run.Context.Thrown });
        }
        return new RunResultNative(result);
    }

    /// <summary>Loss and metrics over the batches of a source, in inference mode.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static RunResultNative EvaluateStream(
        ModelHandle model, IBatchSource source, Span<double> metrics, CancellationToken cancellationToken)
    {
        using var lease = new HandleLease<ExbModel>(model);
        using var run = new ObservedRun(null, cancellationToken);
        using var stream = new StreamState(source);
        var result = NewResult();
        ExbError* error;
        fixed (double* metric = metrics)
        {
            var status = NativeMethods.exb_evaluate_stream(lease.Pointer, NextCallback, stream.Pointer, run.Cancel, run.Callback,
                run.State, 0, &result, metric, (nuint)metrics.Length, &error);
            NativeError.Check(status, error, run.Context with { Thrown = stream.Thrown ?? run.Context.Thrown });
        }
        return new RunResultNative(result);
    }

    /// <summary>A source in use by a run: holds the arrays of the batch that native code reads.</summary>
    private sealed class StreamState : IDisposable
    {
        private const int MaxRank = 16;

        private readonly IBatchSource _source;
        private readonly List<GCHandle> _pins = [];
        private GCHandle _self;
        private ExbArray* _arrays;
        private int _capacity;

        public StreamState(IBatchSource source)
        {
            _source = source;
            _self = GCHandle.Alloc(this);
        }

        public Exception? Thrown { get; private set; }

        public void* Pointer => (void*)GCHandle.ToIntPtr(_self);

        /// <summary>0 a batch, 1 the end, 2 failed. No exception may leave: it would end the process.</summary>
        public int Next(ulong step, ExbStreamBatch* place)
        {
            try
            {
                Unpin();
                if (_source.Next() is not { } batch)
                    return 1;
                var count = batch.Inputs.Count + batch.Targets.Count + (batch.Weights is null ? 0 : 1);
                Reserve(count);
                var next = 0;
                foreach (var array in batch.Inputs)
                    Pin(next++, array);
                foreach (var array in batch.Targets)
                    Pin(next++, array);
                if (batch.Weights is { } weights)
                    Pin(next, weights);
                place->inputs = _arrays;
                place->n_inputs = (nuint)batch.Inputs.Count;
                place->targets = _arrays + batch.Inputs.Count;
                place->n_targets = (nuint)(count - batch.Inputs.Count);
                place->weighted = batch.Weights is null ? 0u : 1;
                return 0;
            }
            catch (Exception error)
            {
                Thrown = error;
                return 2;
            }
        }

        /// <summary>0 filled in, 2 failed.</summary>
        public int Pace(ulong step, double* rates, double* momenta, nuint columns)
        {
            try
            {
                _source.Pace((long)step, new(rates, checked((int)columns)), new(momenta, checked((int)columns)));
                return 0;
            }
            catch (Exception error)
            {
                Thrown = error;
                return 2;
            }
        }

        public void Dispose()
        {
            Unpin();
            Marshal.FreeHGlobal((nint)_arrays);
            _arrays = null;
            _capacity = 0;
            if (_self.IsAllocated)
                _self.Free();
        }

        /// <summary>Room for the arrays, and behind them for their shapes.</summary>
        private void Reserve(int count)
        {
            if (count <= _capacity)
                return;
            Marshal.FreeHGlobal((nint)_arrays);
            _arrays = null;
            _arrays = (ExbArray*)Marshal.AllocHGlobal(checked(count * (sizeof(ExbArray) + (MaxRank * sizeof(long)))));
            _capacity = count;
        }

        private void Pin(int index, TensorData array)
        {
            var sizes = array.Shape.AsSpan();
            if (sizes.Length > MaxRank)
                throw new ArgumentException($"An array of rank {sizes.Length} is given, at most {MaxRank} is possible.");
            var shape = (long*)(_arrays + _capacity) + (index * MaxRank);
            sizes.CopyTo(new Span<long>(shape, MaxRank));
            var pin = GCHandle.Alloc(array.Buffer, GCHandleType.Pinned);
            _pins.Add(pin);
            _arrays[index] = new()
            {
                struct_size = (uint)sizeof(ExbArray),
                dtype = (int)array.DType,
                data = (void*)pin.AddrOfPinnedObject(),
                byte_len = (nuint)array.Buffer.Length,
                shape = shape,
                rank = (nuint)sizes.Length,
            };
        }

        private void Unpin()
        {
            foreach (var pin in _pins)
                pin.Free();
            _pins.Clear();
        }
    }

    private static int OnNext(void* state, ulong step, ExbStreamBatch* batch)
        => GCHandle.FromIntPtr((nint)state).Target is StreamState target ? target.Next(step, batch) : 2;

    private static int OnPace(void* state, ulong step, double* rates, double* momenta, nuint columns)
        => GCHandle.FromIntPtr((nint)state).Target is StreamState target ? target.Pace(step, rates, momenta, columns) : 2;

#if NET8_0_OR_GREATER
    private static delegate* unmanaged[Cdecl]<void*, ulong, ExbStreamBatch*, int> NextCallback => &OnNextNative;

    private static delegate* unmanaged[Cdecl]<void*, ulong, double*, double*, nuint, int> PaceCallback => &OnPaceNative;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnPaceNative(void* state, ulong step, double* rates, double* momenta, nuint columns)
        => OnPace(state, step, rates, momenta, columns);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnNextNative(void* state, ulong step, ExbStreamBatch* batch) => OnNext(state, step, batch);
#else
    // The fields keep the delegates, and with them the native entries, alive.
    private static readonly NextDelegate NextEntry = OnNext;
    private static readonly PaceDelegate PaceEntry = OnPace;

    private static delegate* unmanaged[Cdecl]<void*, ulong, double*, double*, nuint, int> PaceCallback
        => (delegate* unmanaged[Cdecl]<void*, ulong, double*, double*, nuint, int>)Marshal.GetFunctionPointerForDelegate(PaceEntry);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int PaceDelegate(void* state, ulong step, double* rates, double* momenta, nuint columns);

    private static delegate* unmanaged[Cdecl]<void*, ulong, ExbStreamBatch*, int> NextCallback
        => (delegate* unmanaged[Cdecl]<void*, ulong, ExbStreamBatch*, int>)Marshal.GetFunctionPointerForDelegate(NextEntry);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int NextDelegate(void* state, ulong step, ExbStreamBatch* batch);
#endif
}
