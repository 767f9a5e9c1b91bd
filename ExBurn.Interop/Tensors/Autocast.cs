namespace ExBurn;

/// <summary>
/// Mixed precision for operations on tensors: <c>using (Autocast.Enable(DType.Float16)) { ... }</c>. Inside, matrix products, linear layers, convolutions,
/// attention and recurrent layers round their inputs to the type and give it; softmax, exponentials, logarithms, powers, sums, normalisations and losses
/// compute in <see cref="DType.Float32"/>; all else computes in the widest type of its inputs. Tensors themselves keep their types, and gradients arrive in
/// the type of their tensor. <see cref="DType.Float64"/> is left alone. The scope belongs to the logical flow (thread, or async method and what it calls),
/// nests, and ends by restoring what was before, also after an exception.
/// </summary>
public static class Autocast
{
    private static readonly AsyncLocal<DType?> Current = new();

    /// <summary>Whether operations round to a type of 16 bits. False at first.</summary>
    public static bool IsEnabled => Current.Value is not null;

    /// <summary>The type that operations round to; <see cref="DType.Float32"/> where autocast is off.</summary>
    public static DType DType => Current.Value ?? DType.Float32;

    /// <summary>Until it is disposed, operations round to a type of 16 bits, also inside <see cref="Disable"/>.</summary>
    /// <param name="dtype"><see cref="DType.Float16"/> or <see cref="DType.BFloat16"/>. Gradients of Float16 need <see cref="GradScaler"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is another type.</exception>
    public static IDisposable Enable(DType dtype) => dtype.IsHalf()
        ? new Scope(dtype)
        : throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "Autocast rounds to Float16 or BFloat16.");

    /// <summary>Until it is disposed, operations compute in the types of their inputs.</summary>
    public static IDisposable Disable() => new Scope(null);

    /// <summary>What holds now; see <see cref="Restore"/>.</summary>
    internal static DType? State => Current.Value;

    /// <summary>Until it is disposed, what held at another time.</summary>
    internal static IDisposable Restore(DType? state) => new Scope(state);

    private sealed class Scope : IDisposable
    {
        private readonly DType? _previous = Current.Value;
        private bool _ended;

        public Scope(DType? dtype) => Current.Value = dtype;

        public void Dispose()
        {
            if (_ended)
                return;
            _ended = true;
            Current.Value = _previous;
        }
    }
}
