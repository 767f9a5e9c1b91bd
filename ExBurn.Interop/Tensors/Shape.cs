using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace ExBurn;

/// <summary>
/// Sizes of the dimensions of an array, outermost first. Written as a collection expression:
/// <c>Shape s = [2, 3];</c>. The default value is the shape of a scalar, <c>[]</c>. A size of -1 means unknown.
/// </summary>
[CollectionBuilder(typeof(Shape), nameof(Create))]
public readonly struct Shape : IReadOnlyList<long>, IEquatable<Shape>
{
    private readonly long[]? _sizes;

    private Shape(long[] sizes) => _sizes = sizes;

    /// <summary>A shape from its sizes; -1 stands for an unknown size.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is below -1.</exception>
    public static Shape Create(ReadOnlySpan<long> sizes)
    {
        foreach (var size in sizes)
            if (size < -1)
                throw new ArgumentOutOfRangeException(nameof(sizes), size, "A size must be at least 0, or -1 for unknown.");
        return new(sizes.ToArray());
    }

    /// <summary>Number of dimensions.</summary>
    public int Rank => _sizes?.Length ?? 0;

    int IReadOnlyCollection<long>.Count => Rank;

    /// <summary>Size of a dimension; a negative index counts from the last one, as in PyTorch.</summary>
    public long this[int dimension] => AsSpan()[dimension < 0 ? dimension + Rank : dimension];

    /// <summary>Whether no size is -1.</summary>
    public bool IsKnown => AsSpan().IndexOf(-1L) < 0;

    /// <summary>Product of the sizes; 1 for a scalar.</summary>
    /// <exception cref="InvalidOperationException">A size is unknown.</exception>
    /// <exception cref="OverflowException">The product does not fit 64 bits.</exception>
    public long ElementCount
    {
        get
        {
            if (!IsKnown)
                throw new InvalidOperationException($"The shape {this} has unknown sizes.");
            long count = 1;
            foreach (var size in AsSpan())
                count = checked(count * size);
            return count;
        }
    }

    /// <summary>The sizes, without a copy.</summary>
    public ReadOnlySpan<long> AsSpan() => _sizes;

    /// <summary>This shape with one more dimension in front.</summary>
    public Shape Prepend(long size) => [size, .. AsSpan()];

    /// <summary>This shape without its first dimension.</summary>
    /// <exception cref="InvalidOperationException">This is the shape of a scalar.</exception>
    public Shape WithoutFirst()
        => Rank > 0 ? Create(AsSpan().Slice(1)) : throw new InvalidOperationException("A scalar has no dimension to take away.");

    /// <summary>A shape from sizes.</summary>
    public static implicit operator Shape(long[] sizes) => Create(Check.NotNull(sizes));

    /// <summary>A shape from sizes.</summary>
    public static implicit operator Shape(int[] sizes) => [.. Check.NotNull(sizes).Select(size => (long)size)];

    /// <inheritdoc/>
    public bool Equals(Shape other) => AsSpan().SequenceEqual(other.AsSpan());

    /// <inheritdoc/>
    public override bool Equals([NotNullWhen(true)] object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var size in AsSpan())
            hash.Add(size);
        return hash.ToHashCode();
    }

    /// <summary>Reads as <c>[2, 3]</c>; unknown sizes as <c>?</c>.</summary>
    public override string ToString() => $"[{string.Join(", ", this.Select(size => size < 0 ? "?" : $"{size}"))}]";

    /// <summary>Whether both have the same sizes.</summary>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>Whether the sizes differ.</summary>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);

    /// <inheritdoc/>
    public IEnumerator<long> GetEnumerator() => ((IEnumerable<long>)(_sizes ?? [])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
