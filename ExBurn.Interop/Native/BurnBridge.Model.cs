namespace ExBurn.Native;

internal static unsafe partial class BurnBridge
{
    public static ModelHandle NewModel(string json, ulong seed, DeviceHandle device)
    {
        EnsureLoaded();
        var handle = new ModelHandle();
        using var on = new HandleLease<ExbDevice>(device);
        using var text = Utf8.Encode(json, stackalloc byte[TextScratch]);
        ExbModel* model;
        ExbError* error;
        fixed (byte* bytes = text)
            NativeError.Check(NativeMethods.exb_model_new(bytes, text.Length, seed, on.Pointer, &model, &error), error);
        handle.Fill(model);
        return handle;
    }

    /// <summary>Sets loss, optimizer and metrics; starts the optimizer's state anew.</summary>
    public static void Compile(ModelHandle model, string json)
    {
        using var lease = new HandleLease<ExbModel>(model);
        using var text = Utf8.Encode(json, stackalloc byte[TextScratch]);
        ExbError* error;
        fixed (byte* bytes = text)
            NativeError.Check(NativeMethods.exb_model_compile(lease.Pointer, bytes, text.Length, &error), error);
    }

    /// <summary>A second model with the same weights; its memory is shared until one of the two changes it.</summary>
    public static ModelHandle CloneModel(ModelHandle model, bool withOptimizer)
    {
        var handle = new ModelHandle();
        using var lease = new HandleLease<ExbModel>(model);
        ExbModel* clone;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_model_clone(lease.Pointer, withOptimizer ? 1u : 0, &clone, &error), error);
        handle.Fill(clone);
        return handle;
    }

    /// <summary>Layers with shapes and counts, totals, as JSON.</summary>
    public static string Summary(ModelHandle model)
    {
        using var lease = new HandleLease<ExbModel>(model);
        ExbBuffer buffer;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_model_summary(lease.Pointer, &buffer, &error), error);
        return TakeText(buffer);
    }

    /// <summary>A new handle of the device the model is on. Works while the model is in use.</summary>
    public static DeviceHandle ModelDevice(ModelHandle model)
    {
        var handle = new DeviceHandle();
        using var lease = new HandleLease<ExbModel>(model);
        ExbDevice* device;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_model_device(lease.Pointer, &device, &error), error);
        handle.Fill(device);
        return handle;
    }

    /// <summary>Freezes or unfreezes the parameters that match; gives their number.</summary>
    /// <exception cref="NameNotFoundException">Nothing matches.</exception>
    public static long SetTrainable(ModelHandle model, string pattern, bool trainable)
    {
        using var lease = new HandleLease<ExbModel>(model);
        using var text = Utf8.Encode(pattern, stackalloc byte[TextScratch]);
        ulong count;
        ExbError* error;
        fixed (byte* bytes = text)
        {
            var flag = trainable ? 1u : 0;
            NativeError.Check(NativeMethods.exb_model_set_trainable(lease.Pointer, bytes, text.Length, flag, &count, &error), error);
        }
        return checked((long)count);
    }

    /// <summary>Draws the parameters that match anew; gives their number.</summary>
    /// <exception cref="NameNotFoundException">Nothing matches.</exception>
    public static long Initialize(ModelHandle model, string pattern, string json, ulong seed)
    {
        using var lease = new HandleLease<ExbModel>(model);
        using var name = Utf8.Encode(pattern, stackalloc byte[TextScratch]);
        using var text = Utf8.Encode(json, stackalloc byte[TextScratch]);
        ulong count;
        ExbError* error;
        fixed (byte* names = name)
        fixed (byte* bytes = text)
        {
            var status = NativeMethods.exb_model_initialize(lease.Pointer, names, name.Length, bytes, text.Length, seed, &count, &error);
            NativeError.Check(status, error);
        }
        return checked((long)count);
    }

    /// <summary>Stores the parameters in a type of 16 bits: 1 f16, 2 bf16; 0 in the model's own.</summary>
    public static void Quantize(ModelHandle model, uint half)
    {
        using var lease = new HandleLease<ExbModel>(model);
        ExbError* error;
        NativeError.Check(NativeMethods.exb_model_quantize(lease.Pointer, half, &error), error);
    }

    /// <summary>What prediction and evaluation round to.</summary>
    public static void SetInferencePrecision(ModelHandle model, Precision precision)
    {
        using var lease = new HandleLease<ExbModel>(model);
        ExbError* error;
        NativeError.Check(NativeMethods.exb_model_set_inference(lease.Pointer, (uint)precision, &error), error);
    }

    /// <summary>Moves parameters, buffers and optimizer state.</summary>
    public static void MoveTo(ModelHandle model, DeviceHandle device)
    {
        using var lease = new HandleLease<ExbModel>(model);
        using var to = new HandleLease<ExbDevice>(device);
        ExbError* error;
        NativeError.Check(NativeMethods.exb_model_to(lease.Pointer, to.Pointer, &error), error);
    }

    /// <summary>A snapshot that gives the values of named layers; of none, the model's outputs.</summary>
    /// <exception cref="NameNotFoundException">There is no such layer.</exception>
    public static PredictorHandle NewPredictor(ModelHandle model, IReadOnlyList<string> layers)
    {
        var handle = new PredictorHandle();
        using var lease = new HandleLease<ExbModel>(model);
        using var text = Utf8.Encode(layers.Count == 0 ? "" : JsonText.List(layers), stackalloc byte[TextScratch]);
        ExbPredictor* predictor;
        ExbError* error;
        fixed (byte* names = text)
            NativeError.Check(NativeMethods.exb_predictor_new(lease.Pointer, names, text.Length, &predictor, &error), error);
        handle.Fill(predictor);
        return handle;
    }

    /// <summary>Forward pass in inference mode, in parts of <paramref name="batchSize"/> rows; 0 is all at once.</summary>
    public static NativeOutputs Predict(ModelHandle model, scoped in ArrayInputs inputs, ulong batchSize)
    {
        using var lease = new HandleLease<ExbModel>(model);
        var call = new ArrayCall { Kind = ArrayCallKind.ModelPredict, Target = lease.Pointer, BatchSize = batchSize };
        return new NativeOutputs(RunPredict(ref call, inputs));
    }

    /// <summary>As for a model, from any number of threads.</summary>
    public static NativeOutputs Predict(PredictorHandle predictor, scoped in ArrayInputs inputs, ulong batchSize)
    {
        using var lease = new HandleLease<ExbPredictor>(predictor);
        var call = new ArrayCall { Kind = ArrayCallKind.PredictorPredict, Target = lease.Pointer, BatchSize = batchSize };
        return new NativeOutputs(RunPredict(ref call, inputs));
    }

    private static ExbOutputs* RunPredict(ref ArrayCall call, in ArrayInputs inputs)
    {
        var none = default(ArrayInputs);
        RunWithArrays(ref call, inputs, none);
        return call.Outputs;
    }
}
