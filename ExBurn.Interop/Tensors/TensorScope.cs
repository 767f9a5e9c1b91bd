namespace ExBurn;

/// <summary>
/// Disposes the tensors that are made while it is open, but for those that are kept: <c>using var scope = new TensorScope();</c>. Scopes belong to
/// the logical flow and nest; a tensor belongs to the innermost.
/// </summary>
public sealed class TensorScope : IDisposable
{
    private static readonly AsyncLocal<TensorScope?> Innermost = new();

    private readonly TensorScope? _outer = Current;
    private readonly List<Tensor> _tensors = [];
    private int _tidyAt = 1024;
    private bool _ended;

    /// <summary>Opens a scope inside the one that is open.</summary>
    public TensorScope() => Innermost.Value = this;

    /// <summary>The innermost open scope of this logical flow, or null.</summary>
    public static TensorScope? Current
    {
        get
        {
            var scope = Innermost.Value;
            while (scope is { _ended: true })
                scope = scope._outer;
            return scope;
        }
    }

    /// <summary>Number of tensors that the scope would dispose now.</summary>
    public int Count
    {
        get
        {
            lock (_tensors)
                return _tensors.Count(IsMine);
        }
    }

    /// <summary>Lets a tensor outlive this scope: it passes to the enclosing scope, or, without one, to you.</summary>
    /// <returns>The tensor.</returns>
    /// <exception cref="ArgumentException">The tensor does not belong to this scope.</exception>
    public Tensor Keep(Tensor tensor)
    {
        lock (_tensors)
        {
            if (!IsMine(Check.NotNull(tensor, nameof(tensor))))
                throw new ArgumentException("The tensor was not made in this scope, was kept already, or is disposed.", nameof(tensor));
            tensor.Scope = null;
            _tensors.Remove(tensor);
        }
        if (_outer is { _ended: false } outer)
        {
            tensor.Scope = outer;
            outer.Add(tensor);
        }
        return tensor;
    }

    /// <summary>As <see cref="Keep(Tensor)"/>, for several.</summary>
    public void Keep(params Tensor[] tensors)
    {
        foreach (var tensor in Check.NotNull(tensors, nameof(tensors)))
            Keep(tensor);
    }

    /// <summary>Disposes the tensors. Further calls do nothing.</summary>
    public void Dispose()
    {
        Tensor[] mine;
        lock (_tensors)
        {
            if (_ended)
                return;
            _ended = true;
            mine = [.. _tensors.Where(IsMine)];
            _tensors.Clear();
        }
        if (Innermost.Value == this)
            Innermost.Value = _outer;
        foreach (var tensor in mine)
            tensor.Dispose();
    }

    internal void Add(Tensor tensor)
    {
        lock (_tensors)
        {
            _tensors.Add(tensor);
            if (_tensors.Count < _tidyAt)
                return;
            // What was disposed by hand would pile up in a long scope.
            _tensors.RemoveAll(one => !IsMine(one));
            _tidyAt = Math.Max(1024, 2 * _tensors.Count);
        }
    }

    private bool IsMine(Tensor tensor) => tensor.Scope == this && !tensor.IsDisposed;
}
