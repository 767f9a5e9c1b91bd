namespace ExBurn;

/// <summary>Names the streams of the native generator: a seed, and a number that counts what has been drawn.</summary>
internal sealed class TensorRandom
{
    private static readonly TensorRandom Process = new(unchecked((ulong)Guid.NewGuid().GetHashCode()) << 20, 0);

    private static readonly AsyncLocal<TensorRandom?> Own = new();

    private readonly object _lock = new();
    private ulong _seed;
    private ulong _counter;

    private TensorRandom(ulong seed, ulong counter) => (_seed, _counter) = (seed, counter);

    private static TensorRandom Current => Own.Value ?? Process;

    /// <summary>Starts anew.</summary>
    public static void Seed(long seed)
    {
        var current = Current;
        lock (current._lock)
            (current._seed, current._counter) = (unchecked((ulong)seed), 0);
    }

    /// <summary>The name of the next stream.</summary>
    public static (ulong Seed, ulong Counter) Next()
    {
        var current = Current;
        lock (current._lock)
            return (current._seed, current._counter++);
    }

    /// <summary>The state, for <see cref="Fork"/>.</summary>
    public static (ulong Seed, ulong Counter) State
    {
        get
        {
            var current = Current;
            lock (current._lock)
                return (current._seed, current._counter);
        }
    }

    /// <summary>Until it is disposed, this logical flow has a generator of its own, which begins at a state.</summary>
    public static Forked Fork((ulong Seed, ulong Counter) state) => new(state);

    /// <summary>A generator of its own; see <see cref="Fork"/>.</summary>
    internal sealed class Forked : IDisposable
    {
        private readonly TensorRandom? _previous = Own.Value;
        private readonly TensorRandom _own;
        private readonly (ulong Seed, ulong Counter) _start;

        public Forked((ulong Seed, ulong Counter) state)
        {
            _start = state;
            Own.Value = _own = new(state.Seed, state.Counter);
        }

        /// <summary>Moves the outer generator on, as if it had been used.</summary>
        public void Commit()
        {
            var outer = _previous ?? Process;
            lock (outer._lock)
            {
                if (_own._seed == _start.Seed)
                    outer._counter += _own._counter - _start.Counter;
                else
                    (outer._seed, outer._counter) = (_own._seed, _own._counter);
            }
        }

        public void Dispose() => Own.Value = _previous;
    }
}
