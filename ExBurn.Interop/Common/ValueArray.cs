using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace ExBurn;

/// <summary>
/// An immutable list of values that compares by its elements, so that options holding it keep value equality.
/// Written as a collection expression: <c>Weight = [1.0, 2.5]</c>; an array converts too (it is copied).
/// </summary>
/// <typeparam name="T">Type of the elements.</typeparam>
[CollectionBuilder(typeof(ValueArray), nameof(ValueArray.Create))]
public readonly struct ValueArray<T> : IReadOnlyList<T>, IEquatable<ValueArray<T>>
{
    private readonly T[]? _values;

    internal ValueArray(T[] values) => _values = values;

    /// <summary>Number of elements.</summary>
    public int Count => _values?.Length ?? 0;

    /// <summary>The element at a position from 0.</summary>
    public T this[int index] => AsSpan()[index];

    /// <summary>The elements, without a copy.</summary>
    public ReadOnlySpan<T> AsSpan() => _values;

    /// <summary>Copies an array.</summary>
    public static implicit operator ValueArray<T>(T[] values) => new((T[])Check.NotNull(values).Clone());

    /// <inheritdoc/>
    public bool Equals(ValueArray<T> other) => this.SequenceEqual(other);

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is ValueArray<T> other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var value in AsSpan())
            hash.Add(value);
        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public override string ToString() => $"[{string.Join(", ", this)}]";

    /// <summary>Whether both hold equal elements in the same order.</summary>
    public static bool operator ==(ValueArray<T> left, ValueArray<T> right) => left.Equals(right);

    /// <summary>Whether the elements differ.</summary>
    public static bool operator !=(ValueArray<T> left, ValueArray<T> right) => !left.Equals(right);

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)(_values ?? [])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>Makes <see cref="ValueArray{T}"/> values.</summary>
public static class ValueArray
{
    /// <summary>Copies the elements; what a collection expression calls.</summary>
    public static ValueArray<T> Create<T>(ReadOnlySpan<T> values) => new(values.ToArray());
}
