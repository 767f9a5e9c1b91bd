using System.Diagnostics;
using ExBurn.Native;

namespace ExBurn;

/// <summary>
/// A tensor that is computed at once, on a device, with PyTorch's habits: <c>using var y = (x.MatMul(w) + b).Tanh();</c>. Operations give new
/// tensors and never change one. Operations on a tensor that <see cref="RequiresGrad(bool)"/> record a graph, through which
/// <see cref="Backward(bool)"/> carries gradients.
/// <para>A tensor owns native memory: dispose it, or let a <see cref="TensorScope"/> do so. What is left over is the collector's, which knows its
/// size. A graph keeps the values it needs itself, whatever is disposed. Tensors may be used by several threads.</para>
/// </summary>
[DebuggerDisplay("{Summary,nq}")]
public sealed partial class Tensor : IDisposable
{
    /// <summary>A native object costs about so many bytes besides its elements.</summary>
    private const long Overhead = 256;

    private readonly TensorHandle _handle;
    private readonly bool _inference;
    private TensorScope? _scope;

    /// <summary>Takes a handle over.</summary>
    internal Tensor(TensorHandle handle, Device device)
    {
        _handle = handle;
        Device = device;
        (DType, Shape) = BurnBridge.TensorInfo(handle);
        ByteSize = checked(Shape.ElementCount * DType.Size());
        handle.AddPressure(ByteSize + Overhead);
        _inference = GradMode.IsInference;
        _scope = TensorScope.Current;
        _scope?.Add(this);
    }

    /// <summary>Sizes of the dimensions; <c>[]</c> for a scalar.</summary>
    public Shape Shape { get; }

    /// <summary>Type of the elements.</summary>
    public DType DType { get; }

    /// <summary>Where the elements are.</summary>
    public Device Device { get; }

    /// <summary>Number of dimensions.</summary>
    public int Rank => Shape.Rank;

    /// <summary>Number of elements.</summary>
    public long ElementCount => Shape.ElementCount;

    /// <summary>Bytes that the elements take.</summary>
    public long ByteSize { get; }

    /// <summary>Whether the tensor has been disposed.</summary>
    public bool IsDisposed => _handle.IsClosed;

    /// <summary>Whether it was made in <see cref="GradMode.Inference"/>: it can never take part in a graph.</summary>
    public bool IsInference => _inference;

    /// <summary>The native tensor.</summary>
    /// <exception cref="ObjectDisposedException">The tensor is disposed.</exception>
    internal TensorHandle Handle => _handle.IsClosed ? throw new ObjectDisposedException(nameof(Tensor), $"The tensor {DType} {Shape} is disposed.") : _handle;

    /// <summary>The native tensor, which a call in progress keeps alive.</summary>
    internal TensorHandle HandleInUse => _handle;

    /// <summary>The scope that will dispose it.</summary>
    internal TensorScope? Scope
    {
        get => _scope;
        set => _scope = value;
    }

    /// <summary>Frees the native memory, unless a graph or a running call still needs it. Further calls do nothing.</summary>
    public void Dispose()
    {
        _scope = null;
        _handle.Dispose();
    }

    private string Summary => IsDisposed ? $"{DType} {Shape} (disposed)" : $"{DType} {Shape} on {Device}";
}
