namespace ExBurn;

/// <summary>What a tensor's brackets take: a position, a range, or a sign for all, for the rest, for a new dimension.</summary>
public readonly struct TensorIndex
{
    private enum Kind
    {
        Range,
        Position,
        Rest,
        New,
    }

    private readonly Kind _kind;
    private readonly int _start;
    private readonly int? _end;
    private readonly int _step;

    private TensorIndex(Kind kind, int start, int? end, int step) => (_kind, _start, _end, _step) = (kind, start, end, step);

    /// <summary>A whole dimension, Python's ":".</summary>
    public static TensorIndex All => new(Kind.Range, 0, null, 1);

    /// <summary>All dimensions that the other indices do not name, Python's "...".</summary>
    public static TensorIndex Ellipsis => new(Kind.Rest, 0, null, 1);

    /// <summary>A new dimension of size 1, Python's "None".</summary>
    public static TensorIndex NewDim => new(Kind.New, 0, null, 1);

    /// <summary>A range, Python's "start:end:step". Negative positions count from the end, those outside are cut.</summary>
    /// <param name="start">First position.</param>
    /// <param name="end">Position after the last; null for the end.</param>
    /// <param name="step">At least 1.</param>
    public static TensorIndex Slice(int start = 0, int? end = null, int step = 1) => new(Kind.Range, start, end, Check.Positive(step, nameof(step)));

    /// <summary>One position, negative ones counted from the end. Its dimension disappears.</summary>
    public static implicit operator TensorIndex(int position) => new(Kind.Position, position, null, 1);

#if NET8_0_OR_GREATER
    /// <summary>One position, from the front or from the end (^1 is the last). Its dimension disappears.</summary>
    public static implicit operator TensorIndex(Index position) => new(Kind.Position, position.IsFromEnd ? -position.Value : position.Value, null, 1);

    /// <summary>A range of positions, as 1..3 or ^2..</summary>
    public static implicit operator TensorIndex(Range range)
    {
        var start = range.Start.IsFromEnd ? -range.Start.Value : range.Start.Value;
        // ^0 is the end, which no negative number says; as a start it is past everything.
        int? end = !range.End.IsFromEnd ? range.End.Value : range.End.Value == 0 ? null : -range.End.Value;
        return new(Kind.Range, range.Start is { IsFromEnd: true, Value: 0 } ? int.MaxValue : start, end, 1);
    }
#endif

    /// <summary>One slice, then one reshape where dimensions go or come.</summary>
    internal static Tensor Apply(Tensor tensor, TensorIndex[] indices)
    {
        var named = indices.Count(index => index._kind is Kind.Range or Kind.Position);
        var rests = indices.Count(index => index._kind is Kind.Rest);
        if (named > tensor.Rank)
            throw new ArgumentException($"{named} indices for a tensor of rank {tensor.Rank}.", nameof(indices));
        if (rests > 1)
            throw new ArgumentException("An ellipsis may stand once.", nameof(indices));
        var ranges = new List<(int Start, int? End, int Step)>(tensor.Rank);
        var shape = new List<long>(tensor.Rank + indices.Length);
        var reshapes = false;
        foreach (var index in rests == 0 ? [.. indices, Ellipsis] : indices)
        {
            var size = ranges.Count < tensor.Rank ? checked((int)tensor.Shape[ranges.Count]) : 0;
            switch (index._kind)
            {
                case Kind.Range:
                    ranges.Add((index._start, index._end, index._step));
                    shape.Add(Count(index, size));
                    break;
                case Kind.Position:
                    var position = index._start < 0 ? index._start + size : index._start;
                    if (position < 0 || position >= size)
                        throw new ArgumentOutOfRangeException(nameof(indices), index._start, $"Dimension {ranges.Count} has {size} elements.");
                    ranges.Add((position, position + 1, 1));
                    reshapes = true;
                    break;
                case Kind.Rest:
                    for (var i = named; i < tensor.Rank; i++)
                    {
                        shape.Add(tensor.Shape[ranges.Count]);
                        ranges.Add((0, null, 1));
                    }
                    break;
                default:
                    shape.Add(1);
                    reshapes = true;
                    break;
            }
        }
        var slice = Tensor.Run("Slice", config => config.AddRanges("ranges", ranges), tensor);
        if (!reshapes)
            return slice;
        using (slice)
            return slice.Shaped(shape);
    }

    private static long Count(TensorIndex index, int size)
    {
        int Place(int position) => Math.Min(Math.Max(position < 0 ? position + size : position, 0), size);
        var (from, to) = (Place(index._start), index._end is { } end ? Place(end) : size);
        return to <= from ? 0 : ((to - from - 1) / index._step) + 1;
    }
}
