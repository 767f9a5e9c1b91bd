using System.Runtime.InteropServices;
using ExBurn.Native;

namespace ExBurn;

public sealed partial class Tensor
{
    /// <summary>A copy of the elements with their shape; those of 16 bits as <see cref="DType.Float32"/>, which holds them exactly. Waits for the device.</summary>
    public TensorData ToData()
    {
        using var outputs = BurnBridge.ReadTensor(Handle);
        var data = TensorData.FromNative(outputs, 0);
        return DType == DType.Bool ? new(data.Buffer, DType.Bool, data.Shape) : data;
    }

    /// <summary>A copy of the elements in row-major order. Waits for the device.</summary>
    /// <typeparam name="T">The type of the elements, or one that holds all of its values: double for float, float or double for the types of 16 bits
    /// (on .NET 8 also Half for <see cref="DType.Float16"/>), long or double for int, byte or int for bool.</typeparam>
    /// <exception cref="DTypeException"><typeparamref name="T"/> does not hold all values of the type.</exception>
    public T[] ToArray<T>() where T : unmanaged
    {
        var data = ToData();
#if NET8_0_OR_GREATER
        if (typeof(T) == typeof(Half) && DType == DType.Float16)
            return (T[])(object)Convert<float, Half>(data, x => (Half)x);
#endif
        // The host holds numbers of 16 bits as float.
        if (DType.IsHalf() && DTypes.Of<T>() == DType.Float32)
            return data.AsSpan<T>().ToArray();
        if (DTypes.Of<T>() == DType)
            return data.AsSpan<T>().ToArray();
        var result = (DType, DTypes.Of<T>()) switch
        {
            (DType.Float32 or DType.Float16 or DType.BFloat16, DType.Float64) => Convert<float, double>(data, x => x),
            (DType.Int32, DType.Int64) => Convert<int, long>(data, x => x),
            (DType.Int32, DType.Float64) => Convert<int, double>(data, x => x),
            (DType.Bool, DType.UInt8) => data.Bytes.ToArray(),
            (DType.Bool, DType.Int32) => Convert<bool, int>(data, x => x ? 1 : 0),
            (_, var wanted) => (Array)(object)Refuse(wanted),
        };
        return (T[])result;
    }

    /// <summary>As <see cref="ToArray{T}"/>, waiting for the device on another thread.</summary>
    public Task<T[]> ToArrayAsync<T>(CancellationToken cancellationToken = default) where T : unmanaged
        => Task.Run(ToArray<T>, cancellationToken);

    /// <summary>The only element as a number (true is 1), whatever its type. Waits for the device.</summary>
    /// <exception cref="InvalidOperationException">The tensor does not have exactly one element.</exception>
    public double Item()
    {
        if (ElementCount != 1)
            throw new InvalidOperationException($"Item: the tensor {Shape} has {ElementCount} elements, not 1.");
        return ToData().ToDoubles()[0];
    }

    /// <summary>The only element, converted. Waits for the device.</summary>
    /// <typeparam name="T">float, double, int, long, byte or bool.</typeparam>
    /// <exception cref="InvalidOperationException">The tensor does not have exactly one element.</exception>
    /// <exception cref="OverflowException">The number does not fit.</exception>
    public T Item<T>() where T : unmanaged
    {
        var value = Item();
        object result = DTypes.Of<T>() switch
        {
            DType.Float32 => (float)value,
            DType.Float64 => value,
            DType.Int32 => checked((int)value),
            DType.Int64 => checked((long)value),
            DType.UInt8 => checked((byte)value),
            _ => value != 0,
        };
        return (T)result;
    }

    /// <summary>The same numbers as another type: floats to integers towards zero, anything but 0 is true. Between floats gradients pass.</summary>
    /// <param name="dtype">Float32, Float64, Float16, BFloat16, Int32 or Bool.</param>
    /// <exception cref="DTypeException">The device does not have the type.</exception>
    public Tensor To(DType dtype)
        => new(BurnBridge.CastTensor(Handle, Element(dtype), Tracking("To", [this])), Device);

    /// <summary>The same elements on another device; gradients come back.</summary>
    /// <param name="device">The device.</param>
    /// <exception cref="DeviceException">The device cannot be opened.</exception>
    public Tensor To(Device device)
        => new(BurnBridge.MoveTensor(Handle, Check.NotNull(device, nameof(device)).Open(), Tracking("To", [this])), device);

    /// <summary>
    /// Gives this tensor the elements of another one of its shape, type and device. Graphs that have used the old elements keep them. Not for
    /// results of tracked operations.
    /// </summary>
    /// <returns>This tensor.</returns>
    public Tensor Assign(Tensor value)
    {
        BurnBridge.AssignTensor(Handle, Check.NotNull(value, nameof(value)).Handle);
        return this;
    }

    private static TTo[] Convert<TFrom, TTo>(TensorData data, Func<TFrom, TTo> convert) where TFrom : unmanaged
    {
        var from = MemoryMarshal.Cast<byte, TFrom>(data.Bytes);
        var to = new TTo[from.Length];
        for (var i = 0; i < to.Length; i++)
            to[i] = convert(from[i]);
        return to;
    }

    private object Refuse(DType wanted) => throw new DTypeException($"the tensor holds {DType}, not {wanted}; convert it with To(DType)");
}
