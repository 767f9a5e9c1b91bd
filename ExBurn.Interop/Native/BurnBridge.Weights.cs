namespace ExBurn.Native;

internal static unsafe partial class BurnBridge
{
    /// <summary>Opens a file of weights; no key lets the core look for the part, an empty one takes everything.</summary>
    public static WeightsHandle OpenWeights(string path, string? key)
    {
        EnsureLoaded();
        var handle = new WeightsHandle();
        using var text = Utf8.Encode(path, stackalloc byte[TextScratch]);
        using var part = Utf8.Encode(key ?? "", stackalloc byte[TextScratch]);
        ExbWeights* weights;
        ExbError* error;
        byte empty;
        fixed (byte* pathBytes = text)
        fixed (byte* keyBytes = part)
        {
            // Null stands for no key, so an empty one needs an address.
            var keyPointer = key is null ? null : keyBytes == null ? &empty : keyBytes;
            NativeError.Check(NativeMethods.exb_weights_open(pathBytes, text.Length, keyPointer, part.Length, &weights, &error), error, StoreCall);
        }
        handle.Fill(weights);
        return handle;
    }

    /// <summary>What the file holds, as JSON.</summary>
    public static string ListWeights(WeightsHandle weights)
    {
        using var lease = new HandleLease<ExbWeights>(weights);
        ExbBuffer buffer;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_weights_list(lease.Pointer, &buffer, &error), error, StoreCall);
        return TakeText(buffer);
    }

    /// <summary>One tensor of the file.</summary>
    public static NativeOutputs ReadWeights(WeightsHandle weights, string name)
    {
        using var lease = new HandleLease<ExbWeights>(weights);
        using var text = Utf8.Encode(name, stackalloc byte[TextScratch]);
        ExbOutputs* outputs;
        ExbError* error;
        fixed (byte* bytes = text)
            NativeError.Check(NativeMethods.exb_weights_read(lease.Pointer, bytes, text.Length, &outputs, &error), error, StoreCall);
        return new(outputs);
    }
}
