namespace ExBurn.Native;

/// <summary>Keeps a native object alive for one call: <c>using var model = new HandleLease&lt;ExbModel&gt;(handle)</c>.</summary>
internal readonly unsafe ref struct HandleLease<T> where T : unmanaged
{
    private readonly NativeHandle<T>? _handle;

    /// <exception cref="ObjectDisposedException">The handle is disposed.</exception>
    public HandleLease(NativeHandle<T> handle)
    {
        var taken = false;
        handle.DangerousAddRef(ref taken);
        _handle = handle;
        Pointer = handle.Pointer;
    }

    public T* Pointer { get; }

    public void Dispose() => _handle?.DangerousRelease();
}
