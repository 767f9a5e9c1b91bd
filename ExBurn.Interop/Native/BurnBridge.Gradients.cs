namespace ExBurn.Native;

internal static unsafe partial class BurnBridge
{
    /// <summary>Forward and backward of one batch; the gradients stay on the device. No parameter changes.</summary>
    public static GradientsHandle ComputeGradients(
        ModelHandle model, in ArrayInputs inputs, in ArrayInputs targets, in TrainOptionsNative options, bool weighted, bool updateBuffers,
        Span<double> metrics, out RunResultNative result)
    {
        var handle = new GradientsHandle();
        using var lease = new HandleLease<ExbModel>(model);
        var native = options.ToNative();
        var call = new ArrayCall
        {
            Kind = ArrayCallKind.ComputeGradients,
            Target = lease.Pointer,
            Options = &native,
            Weighted = weighted ? 1u : 0,
            Flag = updateBuffers ? 1u : 0,
        };
        result = RunStep(ref call, inputs, targets, metrics);
        handle.Fill(call.Gradients);
        return handle;
    }

    /// <summary>The other half of a training step. Gives the norm before clipping, NaN without clipping by norm.</summary>
    public static double ApplyGradients(GradientsHandle gradients, ModelHandle model, in TrainOptionsNative options, double rate)
    {
        using var lease = new HandleLease<ExbGradients>(gradients);
        using var on = new HandleLease<ExbModel>(model);
        var native = options.ToNative();
        double norm;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_gradients_apply(lease.Pointer, on.Pointer, &native, rate, &norm, &error), error);
        return norm;
    }

    /// <summary>Name, shape and presence of every parameter's gradient, as JSON.</summary>
    public static string ListGradients(GradientsHandle gradients)
    {
        using var lease = new HandleLease<ExbGradients>(gradients);
        ExbBuffer buffer;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_gradients_list(lease.Pointer, &buffer, &error), error);
        return TakeText(buffer);
    }

    /// <summary>A copy of a parameter's gradient: one array, or none.</summary>
    /// <exception cref="NameNotFoundException">There is no such parameter.</exception>
    public static NativeOutputs GetGradient(GradientsHandle gradients, string name)
    {
        using var lease = new HandleLease<ExbGradients>(gradients);
        using var text = Utf8.Encode(name, stackalloc byte[TextScratch]);
        ExbOutputs* outputs;
        ExbError* error;
        fixed (byte* bytes = text)
            NativeError.Check(NativeMethods.exb_gradients_get(lease.Pointer, bytes, text.Length, &outputs, &error), error);
        return new NativeOutputs(outputs);
    }

    /// <summary>A copy of the gradient with respect to an input: one array, or none where the loss does not depend on it.</summary>
    /// <exception cref="ArgumentException">It was not asked for, or the input takes integers.</exception>
    public static NativeOutputs GetInputGradient(GradientsHandle gradients, int index)
    {
        using var lease = new HandleLease<ExbGradients>(gradients);
        ExbOutputs* outputs;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_gradients_input(lease.Pointer, (nuint)index, &outputs, &error), error);
        return new NativeOutputs(outputs);
    }

    public static void SetGradient(GradientsHandle gradients, string name, in ArrayInput values)
    {
        using var lease = new HandleLease<ExbGradients>(gradients);
        using var text = Utf8.Encode(name, stackalloc byte[TextScratch]);
        ExbError* error;
        fixed (byte* data = values.Data)
        fixed (long* shape = values.Shape)
        fixed (byte* bytes = text)
        {
            var array = ToNative(values, data, shape);
            NativeError.Check(NativeMethods.exb_gradients_set(lease.Pointer, bytes, text.Length, &array, &error), error);
        }
    }

    /// <summary>Multiplies the gradients of the parameters that match; gives their number.</summary>
    public static long ScaleGradients(GradientsHandle gradients, string pattern, double factor)
    {
        using var lease = new HandleLease<ExbGradients>(gradients);
        using var text = Utf8.Encode(pattern, stackalloc byte[TextScratch]);
        ulong count;
        ExbError* error;
        fixed (byte* bytes = text)
            NativeError.Check(NativeMethods.exb_gradients_scale(lease.Pointer, bytes, text.Length, factor, &count, &error), error);
        return checked((long)count);
    }

    /// <summary>Takes away the gradients of the parameters that match; gives their number.</summary>
    public static long RemoveGradients(GradientsHandle gradients, string pattern)
    {
        using var lease = new HandleLease<ExbGradients>(gradients);
        using var text = Utf8.Encode(pattern, stackalloc byte[TextScratch]);
        ulong count;
        ExbError* error;
        fixed (byte* bytes = text)
            NativeError.Check(NativeMethods.exb_gradients_remove(lease.Pointer, bytes, text.Length, &count, &error), error);
        return checked((long)count);
    }

    public static void AddGradients(GradientsHandle gradients, GradientsHandle other, double weight)
    {
        using var lease = new HandleLease<ExbGradients>(gradients);
        using var added = new HandleLease<ExbGradients>(other);
        ExbError* error;
        NativeError.Check(NativeMethods.exb_gradients_add(lease.Pointer, added.Pointer, weight, &error), error);
    }

    /// <summary>The common 2-norm of the gradients of the parameters that match.</summary>
    public static double GradientNorm(GradientsHandle gradients, string pattern)
    {
        using var lease = new HandleLease<ExbGradients>(gradients);
        using var text = Utf8.Encode(pattern, stackalloc byte[TextScratch]);
        double norm;
        ExbError* error;
        fixed (byte* bytes = text)
            NativeError.Check(NativeMethods.exb_gradients_norm(lease.Pointer, bytes, text.Length, &norm, &error), error);
        return norm;
    }

    /// <summary>Divides all gradients by the scale of the loss; whether all of them are finite.</summary>
    public static bool UnscaleGradients(GradientsHandle gradients, double scale)
    {
        using var lease = new HandleLease<ExbGradients>(gradients);
        uint finite;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_gradients_unscale(lease.Pointer, scale, &finite, &error), error);
        return finite != 0;
    }

    /// <summary>Clips by the common norm, then by value; 0 is off. Gives the norm before, NaN without clipping by norm.</summary>
    public static double ClipGradients(GradientsHandle gradients, double clipNorm, double clipValue)
    {
        using var lease = new HandleLease<ExbGradients>(gradients);
        double norm;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_gradients_clip(lease.Pointer, clipNorm, clipValue, &norm, &error), error);
        return norm;
    }
}
