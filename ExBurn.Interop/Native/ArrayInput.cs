using System.Runtime.InteropServices;

namespace ExBurn.Native;

/// <summary>A row-major array that goes into a native call: borrowed, never copied on this side.</summary>
internal readonly ref struct ArrayInput
{
    private ArrayInput(NativeDType dtype, ReadOnlySpan<byte> data, ReadOnlySpan<long> shape)
    {
        DType = dtype;
        Data = data;
        Shape = shape;
    }

    public NativeDType DType { get; }

    public ReadOnlySpan<byte> Data { get; }

    public ReadOnlySpan<long> Shape { get; }

    public static ArrayInput Create(ReadOnlySpan<float> data, ReadOnlySpan<long> shape) => Create<float>(data, shape);

    public static ArrayInput Create(ReadOnlySpan<double> data, ReadOnlySpan<long> shape) => Create<double>(data, shape);

    public static ArrayInput Create(ReadOnlySpan<int> data, ReadOnlySpan<long> shape) => Create<int>(data, shape);

    public static ArrayInput Create(ReadOnlySpan<long> data, ReadOnlySpan<long> shape) => Create<long>(data, shape);

    public static ArrayInput Create(ReadOnlySpan<byte> data, ReadOnlySpan<long> shape) => Create<byte>(data, shape);

    /// <exception cref="NotSupportedException">Another element type.</exception>
    public static ArrayInput Create<T>(ReadOnlySpan<T> data, ReadOnlySpan<long> shape) where T : unmanaged
        => new(ElementType<T>(), MemoryMarshal.AsBytes(data), shape);

    internal static NativeDType ElementType<T>() where T : unmanaged
        => typeof(T) == typeof(float) ? NativeDType.F32
            : typeof(T) == typeof(double) ? NativeDType.F64
            : typeof(T) == typeof(int) ? NativeDType.I32
            : typeof(T) == typeof(long) ? NativeDType.I64
            : typeof(T) == typeof(byte) ? NativeDType.U8
            : throw new NotSupportedException($"arrays of {typeof(T)} are not supported; use float, double, int, long or byte");
}

/// <summary>Up to <see cref="Capacity"/> arrays for one call, without an allocation.</summary>
internal ref struct ArrayInputs
{
    public const int Capacity = 8;

    private ArrayInput _a0, _a1, _a2, _a3, _a4, _a5, _a6, _a7;

    public ArrayInputs(ArrayInput first)
    {
        _a0 = first;
        Count = 1;
    }

    public ArrayInputs(ArrayInput first, ArrayInput second)
        : this(first)
    {
        _a1 = second;
        Count = 2;
    }

    public ArrayInputs(ArrayInput first, ArrayInput second, ArrayInput third)
        : this(first, second)
    {
        _a2 = third;
        Count = 3;
    }

    public int Count { get; private set; }

    public readonly ArrayInput this[int index] => index switch
    {
        0 => _a0,
        1 => _a1,
        2 => _a2,
        3 => _a3,
        4 => _a4,
        5 => _a5,
        6 => _a6,
        7 => _a7,
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    };

    /// <exception cref="ArgumentException">There are already <see cref="Capacity"/>.</exception>
    public void Add(ArrayInput array)
    {
        switch (Count)
        {
            case 0: _a0 = array; break;
            case 1: _a1 = array; break;
            case 2: _a2 = array; break;
            case 3: _a3 = array; break;
            case 4: _a4 = array; break;
            case 5: _a5 = array; break;
            case 6: _a6 = array; break;
            case 7: _a7 = array; break;
            default: throw new ArgumentException($"at most {Capacity} arrays can be given to one call");
        }
        Count++;
    }
}
