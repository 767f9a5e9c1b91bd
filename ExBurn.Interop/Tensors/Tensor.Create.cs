using ExBurn.Native;

namespace ExBurn;

public sealed partial class Tensor
{
    /// <summary>
    /// A tensor with the elements of an array: <c>Tensor.FromArray(new float[,] { { 1, 2 }, { 3, 4 } })</c>. Floats keep their type, integers become
    /// <see cref="DType.Int32"/>, truth values <see cref="DType.Bool"/>.
    /// </summary>
    /// <param name="data">Array, <see cref="TensorData"/>, or values with a shape.</param>
    /// <param name="dtype">Another type of elements; null keeps it.</param>
    /// <param name="device">Where to put it. Default <see cref="Device.Cpu"/>.</param>
    /// <exception cref="ArgumentException">A number does not fit 32 bits.</exception>
    /// <exception cref="DTypeException">Fractions were to become integers, or the device does not have the type.</exception>
    public static Tensor FromArray(TensorView data, DType? dtype = null, Device? device = null)
    {
        device ??= Device.Cpu;
        var type = dtype ?? (data.DType == DType.Bool ? DType.Bool : null);
        if (type is { } wanted)
            Element(wanted);
        return new(BurnBridge.NewTensor(device.Open(), data.ToInput(), type), device);
    }

    /// <summary>A tensor with given elements in row-major order.</summary>
    /// <param name="values">float, double, int, long, byte or bool; as many as the shape has.</param>
    /// <param name="shape">The shape.</param>
    /// <param name="dtype">Another type of elements; null keeps it.</param>
    /// <param name="device">Where to put it. Default <see cref="Device.Cpu"/>.</param>
    /// <exception cref="ArgumentException">The shape has another number of elements, or a number does not fit 32 bits.</exception>
    public static Tensor FromArray<T>(ReadOnlySpan<T> values, Shape shape, DType? dtype = null, Device? device = null) where T : unmanaged
        => FromArray(new TensorView(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values), DTypes.Of<T>(), shape), dtype, device);

    /// <inheritdoc cref="FromArray{T}(ReadOnlySpan{T}, Shape, DType?, Device?)"/>
    public static Tensor FromArray<T>(T[] values, Shape shape, DType? dtype = null, Device? device = null) where T : unmanaged
        => FromArray(new ReadOnlySpan<T>(Check.NotNull(values, nameof(values))), shape, dtype, device);

    /// <summary>A scalar, of shape <c>[]</c>.</summary>
    public static Tensor Scalar(double value, DType dtype = DType.Float32, Device? device = null) => Full([], value, dtype, device);

    /// <summary>Zeros.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="dtype">Type of the elements. Default <see cref="DType.Float32"/>.</param>
    /// <param name="device">Where to put it. Default <see cref="Device.Cpu"/>.</param>
    public static Tensor Zeros(Shape shape, DType dtype = DType.Float32, Device? device = null) => Full(shape, 0, dtype, device);

    /// <summary>Ones.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="dtype">Type of the elements. Default <see cref="DType.Float32"/>.</param>
    /// <param name="device">Where to put it. Default <see cref="Device.Cpu"/>.</param>
    public static Tensor Ones(Shape shape, DType dtype = DType.Float32, Device? device = null) => Full(shape, 1, dtype, device);

    /// <summary>One number everywhere.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="value">The number; for integers a whole one.</param>
    /// <param name="dtype">Type of the elements. Default <see cref="DType.Float32"/>.</param>
    /// <param name="device">Where to put it. Default <see cref="Device.Cpu"/>.</param>
    public static Tensor Full(Shape shape, double value, DType dtype = DType.Float32, Device? device = null)
        => Fill(TensorFill.Full, value, 0, shape, dtype, device, default);

    /// <summary>Zeros of another tensor's shape, type and device.</summary>
    public static Tensor ZerosLike(Tensor other) => Zeros(Check.NotNull(other, nameof(other)).Shape, other.DType, other.Device);

    /// <summary>Ones of another tensor's shape, type and device.</summary>
    public static Tensor OnesLike(Tensor other) => Ones(Check.NotNull(other, nameof(other)).Shape, other.DType, other.Device);

    /// <summary>One number, with another tensor's shape, type and device.</summary>
    public static Tensor FullLike(Tensor other, double value) => Full(Check.NotNull(other, nameof(other)).Shape, value, other.DType, other.Device);

    /// <summary>The identity matrix [rows, columns]: ones on the diagonal.</summary>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Number of columns. Default: as many as rows.</param>
    /// <param name="dtype">Type of the elements. Default <see cref="DType.Float32"/>.</param>
    /// <param name="device">Where to put it. Default <see cref="Device.Cpu"/>.</param>
    public static Tensor Eye(int rows, int? columns = null, DType dtype = DType.Float32, Device? device = null)
        => Fill(TensorFill.Eye, 0, 0, [Check.AtLeast(0, rows, nameof(rows)), Check.AtLeast(0, columns ?? rows, nameof(columns))], dtype, device, default);

    /// <summary>The numbers 0, 1, ... below <paramref name="end"/>, as integers.</summary>
    public static Tensor Arange(int end, Device? device = null) => Arange(0, end, 1, DType.Int32, device);

    /// <summary>The numbers start, start + step, ... before <paramref name="end"/>.</summary>
    /// <param name="start">First number.</param>
    /// <param name="end">Not reached any more.</param>
    /// <param name="step">Distance; not 0. Default 1.</param>
    /// <param name="dtype">Type of the elements. Default <see cref="DType.Float32"/>.</param>
    /// <param name="device">Where to put it. Default <see cref="Device.Cpu"/>.</param>
    /// <exception cref="ArgumentException">The step is 0 or leads away from the end.</exception>
    public static Tensor Arange(double start, double end, double step = 1, DType dtype = DType.Float32, Device? device = null)
    {
        Check.Finite(start, nameof(start));
        Check.Finite(end, nameof(end));
        if (Check.Finite(step, nameof(step)) == 0 || (end - start) / step < 0)
            throw new ArgumentException($"The step {step} does not lead from {start} to {end}.", nameof(step));
        var count = checked((long)Math.Ceiling((end - start) / step));
        return Fill(TensorFill.Range, start, step, [count], dtype, device, default);
    }

    /// <summary><paramref name="count"/> numbers from <paramref name="start"/> to <paramref name="end"/>, both included, in equal steps.</summary>
    /// <param name="start">First number.</param>
    /// <param name="end">Last number.</param>
    /// <param name="count">How many.</param>
    /// <param name="dtype">Type of the elements. Default <see cref="DType.Float32"/>.</param>
    /// <param name="device">Where to put it. Default <see cref="Device.Cpu"/>.</param>
    public static Tensor Linspace(double start, double end, int count, DType dtype = DType.Float32, Device? device = null)
        => Fill(TensorFill.Linspace, start, end, [Check.AtLeast(0, count, nameof(count))], dtype, device, default);

    /// <summary>
    /// Random numbers, uniform from <paramref name="low"/> to below <paramref name="high"/>. Made on the host by the library's own generator: the same
    /// seed gives the same numbers on every device.
    /// </summary>
    /// <param name="shape">The shape.</param>
    /// <param name="low">Lower end. Default 0.</param>
    /// <param name="high">Upper end, not reached. Default 1.</param>
    /// <param name="dtype">A floating-point type. Default <see cref="DType.Float32"/>.</param>
    /// <param name="device">Where to put it. Default <see cref="Device.Cpu"/>.</param>
    /// <param name="seed">A seed for these numbers alone. Default null: what comes next after <see cref="Seed(long)"/>.</param>
    public static Tensor RandomUniform(
        Shape shape, double low = 0, double high = 1, DType dtype = DType.Float32, Device? device = null, long? seed = null)
        => Fill(TensorFill.Uniform, low, high, shape, dtype, device, Stream(seed));

    /// <summary>Random numbers from a normal distribution, by the library's own generator: the same seed gives the same numbers on every device.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="mean">Mean. Default 0.</param>
    /// <param name="std">Standard deviation, at least 0. Default 1.</param>
    /// <param name="dtype">A floating-point type. Default <see cref="DType.Float32"/>.</param>
    /// <param name="device">Where to put it. Default <see cref="Device.Cpu"/>.</param>
    /// <param name="seed">A seed for these numbers alone. Default null: what comes next after <see cref="Seed(long)"/>.</param>
    public static Tensor RandomNormal(
        Shape shape, double mean = 0, double std = 1, DType dtype = DType.Float32, Device? device = null, long? seed = null)
        => Fill(TensorFill.Normal, mean, std, shape, dtype, device, Stream(seed));

    /// <summary>Sets the seed of the random numbers that come: of new tensors, and of layers in training (dropout).</summary>
    public static void Seed(long seed) => TensorRandom.Seed(seed);

    private static (ulong, ulong) Stream(long? seed) => seed is { } own ? (unchecked((ulong)own), 0) : TensorRandom.Next();

    private static Tensor Fill(TensorFill kind, double a, double b, Shape shape, DType dtype, Device? device, (ulong Seed, ulong Counter) random)
    {
        device ??= Device.Cpu;
        if (!shape.IsKnown)
            throw new ArgumentException($"The shape {shape} must be known in every dimension.", nameof(shape));
        return new(BurnBridge.FillTensor(device.Open(), kind, a, b, shape.AsSpan(), Element(dtype), random.Seed, random.Counter), device);
    }

    /// <summary>A type that tensors can have.</summary>
    private static DType Element(DType dtype) => dtype is DType.Int64 or DType.UInt8
        ? throw new DTypeException($"a tensor cannot have elements of type {dtype}; use Float32, Float64, Float16, BFloat16, Int32 or Bool (integers of any width convert to Int32)")
        : dtype;
}
