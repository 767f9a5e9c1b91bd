using System.Runtime.InteropServices;

namespace ExBurn.Native;

internal static unsafe partial class BurnBridge
{
    /// <summary>Writes everything that training needs to go on, with the caller's notes (JSON) and attachments.</summary>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public static void WriteCheckpoint(ModelHandle model, string path, string notes, IReadOnlyList<byte[]> attachments)
    {
        using var lease = new HandleLease<ExbModel>(model);
        using var name = Utf8.Encode(path, stackalloc byte[TextScratch]);
        using var text = Utf8.Encode(notes, stackalloc byte[TextScratch]);
        var pins = new GCHandle[attachments.Count];
        var arrays = new ExbArray[attachments.Count];
        var lengths = new long[attachments.Count];
        try
        {
            ExbError* error;
            fixed (byte* bytes = name)
            fixed (byte* note = text)
            fixed (ExbArray* array = arrays)
            fixed (long* length = lengths)
            {
                for (var i = 0; i < pins.Length; i++)
                {
                    pins[i] = GCHandle.Alloc(attachments[i], GCHandleType.Pinned);
                    length[i] = attachments[i].Length;
                    array[i] = new()
                    {
                        struct_size = (uint)sizeof(ExbArray),
                        dtype = (int)NativeDType.U8,
                        data = (void*)pins[i].AddrOfPinnedObject(),
                        byte_len = (nuint)attachments[i].Length,
                        shape = length + i,
                        rank = 1,
                    };
                }
                var status = NativeMethods.exb_checkpoint_write(
                    lease.Pointer, bytes, name.Length, note, text.Length, array, (nuint)arrays.Length, &error);
                NativeError.Check(status, error, StoreCall);
            }
        }
        finally
        {
            foreach (var pin in pins)
                if (pin.IsAllocated)
                    pin.Free();
        }
    }

    /// <summary>Reads a checkpoint for a model, which is not changed.</summary>
    /// <exception cref="CheckpointException">The file is missing, damaged, foreign or newer, or does not fit the model and its optimizer.</exception>
    public static CheckpointHandle ReadCheckpoint(ModelHandle model, string path)
    {
        var handle = new CheckpointHandle();
        using var lease = new HandleLease<ExbModel>(model);
        using var text = Utf8.Encode(path, stackalloc byte[TextScratch]);
        ExbCheckpoint* checkpoint;
        ExbError* error;
        fixed (byte* bytes = text)
            NativeError.Check(NativeMethods.exb_checkpoint_read(lease.Pointer, bytes, text.Length, &checkpoint, &error), error, StoreCall);
        handle.Fill(checkpoint);
        return handle;
    }

    /// <summary>What the writer of a checkpoint gave.</summary>
    public static (string Notes, byte[][] Attachments) CheckpointNotes(CheckpointHandle checkpoint)
    {
        using var lease = new HandleLease<ExbCheckpoint>(checkpoint);
        ExbBuffer notes;
        ExbOutputs* outputs;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_checkpoint_notes(lease.Pointer, &notes, &outputs, &error), error, StoreCall);
        var text = TakeText(notes);
        using var arrays = new NativeOutputs(outputs);
        var attachments = new byte[arrays.Count][];
        for (var i = 0; i < attachments.Length; i++)
            attachments[i] = arrays.Data<byte>(i).ToArray();
        return (text, attachments);
    }

    /// <summary>Gives a model the state of a checkpoint that was read for it.</summary>
    public static void ApplyCheckpoint(CheckpointHandle checkpoint, ModelHandle model)
    {
        using var read = new HandleLease<ExbCheckpoint>(checkpoint);
        using var lease = new HandleLease<ExbModel>(model);
        ExbError* error;
        NativeError.Check(NativeMethods.exb_checkpoint_apply(read.Pointer, lease.Pointer, &error), error, StoreCall);
    }

    /// <summary>Averages the weights from now on; null: no more.</summary>
    public static void SetAverage(ModelHandle model, string? json)
    {
        using var lease = new HandleLease<ExbModel>(model);
        using var text = Utf8.Encode(json ?? "", stackalloc byte[TextScratch]);
        ExbError* error;
        fixed (byte* bytes = text)
            NativeError.Check(NativeMethods.exb_model_average(lease.Pointer, bytes, text.Length, &error), error);
    }

    /// <summary>Puts the averages in the place of the weights, or back; false, with nothing done, where there are none.</summary>
    public static bool UseAverage(ModelHandle model, bool on)
    {
        using var lease = new HandleLease<ExbModel>(model);
        ulong moves;
        ExbError* error;
        NativeError.Check(NativeMethods.exb_model_use_average(lease.Pointer, on ? 1u : 0, &moves, &error), error);
        return moves > 0;
    }
}
