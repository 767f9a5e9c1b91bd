namespace ExBurn.Native;

internal static unsafe partial class BurnBridge
{
    private static readonly CallContext StoreCall = new() { IsStore = true };

    /// <summary>Entries of the state, as JSON.</summary>
    public static string StateList(ModelHandle model)
    {
        using var lease = new HandleLease<ExbModel>(model);
        ExbBuffer buffer;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_model_state_list(lease.Pointer, &buffer, &error), error, StoreCall);
        return TakeText(buffer);
    }

    /// <summary>The state as a safetensors file.</summary>
    public static byte[] ExportState(ModelHandle model)
    {
        using var lease = new HandleLease<ExbModel>(model);
        ExbBuffer buffer;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_model_state_export(lease.Pointer, &buffer, &error), error, StoreCall);
        return TakeBytes(buffer);
    }

    /// <summary>Reads a state; gives the report as JSON.</summary>
    /// <exception cref="CheckpointException">Not a state, or (strict) one that does not fit; the model is unchanged.</exception>
    public static string ImportState(ModelHandle model, ReadOnlySpan<byte> file, bool strict)
    {
        using var lease = new HandleLease<ExbModel>(model);
        ExbBuffer report;
        ExbError* error;
        fixed (byte* bytes = file)
        {
            var status = NativeMethods.exb_model_state_import(lease.Pointer, bytes, (nuint)file.Length, strict ? 1u : 0, &report, &error);
            NativeError.Check(status, error, StoreCall);
        }
        return TakeText(report);
    }

    /// <summary>Writes the state to safetensors files; empty options are the defaults.</summary>
    public static void Save(ModelHandle model, string path, string options = "")
    {
        using var lease = new HandleLease<ExbModel>(model);
        using var text = Utf8.Encode(path, stackalloc byte[TextScratch]);
        using var json = Utf8.Encode(options, stackalloc byte[TextScratch]);
        ExbError* error;
        fixed (byte* bytes = text, optionBytes = json)
            NativeError.Check(NativeMethods.exb_model_save(lease.Pointer, bytes, text.Length, optionBytes, json.Length, &error), error, StoreCall);
    }

    /// <summary>As <see cref="ImportState"/>, from files of any format; empty options are the defaults.</summary>
    public static string Load(ModelHandle model, string path, string options = "")
    {
        using var lease = new HandleLease<ExbModel>(model);
        using var text = Utf8.Encode(path, stackalloc byte[TextScratch]);
        using var json = Utf8.Encode(options, stackalloc byte[TextScratch]);
        ExbBuffer report;
        ExbError* error;
        fixed (byte* bytes = text, optionBytes = json)
        {
            var status = NativeMethods.exb_model_load(lease.Pointer, bytes, text.Length, optionBytes, json.Length, &report, &error);
            NativeError.Check(status, error, StoreCall);
        }
        return TakeText(report);
    }
}
