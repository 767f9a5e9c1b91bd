namespace ExBurn.Native;

internal static unsafe partial class BurnBridge
{
    private enum ArrayCallKind
    {
        ModelPredict,
        PredictorPredict,
        TrainStep,
        ProfileStep,
        EvaluateStep,
        ComputeGradients,
    }

    /// <summary>A call that takes arrays. All pointers are to the stack or pinned; nothing of it is on the heap.</summary>
    private struct ArrayCall
    {
        public ArrayCallKind Kind;
        public void* Target;
        public ulong BatchSize;
        public double Rate;

        /// <summary>1: the last of the targets is a weight for each sample.</summary>
        public uint Weighted;
        public uint Flag;
        public ExbTrainOptions* Options;
        public ExbRunResult* Result;
        public double* Metrics;
        public nuint MetricCapacity;
        public ExbArray* Arrays;
        public nuint InputCount;
        public nuint TargetCount;
        public ExbOutputs* Outputs;
        public ExbGradients* Gradients;
        public double* Seconds;
    }

    private static void RunWithArrays(ref ArrayCall call, in ArrayInputs inputs, in ArrayInputs targets)
    {
        var arrays = stackalloc ExbArray[2 * ArrayInputs.Capacity];
        call.Arrays = arrays;
        call.InputCount = (nuint)inputs.Count;
        call.TargetCount = (nuint)targets.Count;
        PinAndRun(ref call, inputs, targets, 0);
    }

    /// <summary>Pins array number <paramref name="next"/>, then the rest, then calls: one stack frame per array holds its pins.</summary>
    private static void PinAndRun(ref ArrayCall call, in ArrayInputs inputs, in ArrayInputs targets, int next)
    {
        if (next == inputs.Count + targets.Count)
        {
            ExbError* error;
            NativeError.Check(Invoke(ref call, &error), error);
            return;
        }
        var array = next < inputs.Count ? inputs[next] : targets[next - inputs.Count];
        fixed (byte* data = array.Data)
        fixed (long* shape = array.Shape)
        {
            call.Arrays[next] = ToNative(array, data, shape);
            PinAndRun(ref call, inputs, targets, next + 1);
        }
    }

    private static int Invoke(ref ArrayCall call, ExbError** error)
    {
        var inputs = call.Arrays;
        var targets = call.Arrays + call.InputCount;
        switch (call.Kind)
        {
            case ArrayCallKind.TrainStep:
                return NativeMethods.exb_train_step((ExbModel*)call.Target, inputs, call.InputCount, targets, call.TargetCount, call.Weighted,
                    call.Options, call.Rate, call.Result, call.Metrics, call.MetricCapacity, error);
            case ArrayCallKind.ProfileStep:
                return NativeMethods.exb_train_profile((ExbModel*)call.Target, inputs, call.InputCount, targets, call.TargetCount, call.Weighted,
                    call.Options, call.Rate, call.Seconds, call.Result, call.Metrics, call.MetricCapacity, error);
            case ArrayCallKind.ComputeGradients:
                ExbGradients* gradients;
                var computed = NativeMethods.exb_gradients_compute((ExbModel*)call.Target, inputs, call.InputCount, targets, call.TargetCount, call.Weighted,
                    call.Options, call.Flag, &gradients, call.Result, call.Metrics, call.MetricCapacity, error);
                call.Gradients = gradients;
                return computed;
            case ArrayCallKind.EvaluateStep:
                return NativeMethods.exb_evaluate_step((ExbModel*)call.Target, inputs, call.InputCount, targets, call.TargetCount, call.Weighted,
                    call.Result, call.Metrics, call.MetricCapacity, error);
            default:
                ExbOutputs* outputs;
                var status = call.Kind == ArrayCallKind.ModelPredict
                    ? NativeMethods.exb_model_predict((ExbModel*)call.Target, inputs, call.InputCount, call.BatchSize, &outputs, error)
                    : NativeMethods.exb_predictor_predict((ExbPredictor*)call.Target, inputs, call.InputCount, call.BatchSize, &outputs, error);
                call.Outputs = outputs;
                return status;
        }
    }
}
