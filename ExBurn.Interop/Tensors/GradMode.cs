namespace ExBurn;

/// <summary>
/// Whether operations on tensors record graphs: <c>using (GradMode.NoGrad()) { ... }</c>. Modes belong to the logical flow (thread, or async method
/// and what it calls), nest, and end by restoring what was before, also after an exception.
/// </summary>
public static class GradMode
{
    private static readonly AsyncLocal<State> Current = new();

    /// <summary>Whether operations on tracked tensors are recorded. True at first.</summary>
    public static bool IsEnabled => Current.Value is { Off: false, Inference: false };

    /// <summary>Whether new tensors are inference tensors; see <see cref="Inference"/>.</summary>
    public static bool IsInference => Current.Value.Inference;

    /// <summary>0 no graph, 1 a graph, 2 only whether there would be one.</summary>
    internal static uint Tracking => !IsEnabled ? 0u : Current.Value.Shadow ? 2u : 1u;

    /// <summary>Until it is disposed, nothing is recorded, and results require no gradients.</summary>
    public static IDisposable NoGrad() => SetEnabled(false);

    /// <summary>Until it is disposed, operations are recorded, also inside <see cref="NoGrad"/>. Inside <see cref="Inference"/> it has no effect.</summary>
    public static IDisposable Enable() => SetEnabled(true);

    /// <summary><see cref="Enable"/> or <see cref="NoGrad"/>.</summary>
    public static IDisposable SetEnabled(bool enabled) => Enter(Current.Value with { Off = !enabled });

    /// <summary>
    /// As <see cref="NoGrad"/>, and tensors made inside can never take part in a graph, not even later: using one together with a tracked tensor is an
    /// error.
    /// </summary>
    public static IDisposable Inference() => Enter(Current.Value with { Inference = true });

    /// <summary>Runs a function under <see cref="NoGrad"/>.</summary>
    public static T WithoutGrad<T>(Func<T> function)
    {
        using (NoGrad())
            return Check.NotNull(function, nameof(function))();
    }

    /// <summary>The first pass of a checkpoint: results know whether they would be tracked.</summary>
    internal static IDisposable Shadow() => Enter(Current.Value with { Shadow = true });

    /// <summary>The way back through a checkpoint: recording, whatever the caller of Backward has set.</summary>
    internal static IDisposable Recording() => Enter(default);

    internal static bool IsShadow => Current.Value.Shadow;

    private static Scope Enter(State state) => new(state);

    // The default value is the state at first.
    private readonly record struct State(bool Off, bool Inference, bool Shadow);

    private sealed class Scope : IDisposable
    {
        private readonly State _previous = Current.Value;
        private bool _ended;

        public Scope(State state) => Current.Value = state;

        public void Dispose()
        {
            if (_ended)
                return;
            _ended = true;
            Current.Value = _previous;
        }
    }
}
