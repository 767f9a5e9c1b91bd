namespace ExBurn;

/// <summary>The latest losses, in a ring.</summary>
internal sealed class LossWindow(int size)
{
    private readonly double[] _losses = new double[size];
    private int _next;

    public int Count { get; private set; }

    public bool IsFull => Count == _losses.Length;

    public void Add(double loss)
    {
        _losses[_next] = loss;
        _next = (_next + 1) % _losses.Length;
        Count = Math.Min(Count + 1, _losses.Length);
    }

    public void Clear() => (Count, _next) = (0, 0);

    /// <summary>A loss by age, the oldest first.</summary>
    public double this[int index] => _losses[(_next - Count + index + _losses.Length) % _losses.Length];

    public double Mean()
    {
        var sum = 0.0;
        for (var i = 0; i < Count; i++)
            sum += this[i];
        return sum / Count;
    }

    /// <summary>NaN each where there is no loss.</summary>
    public (double Min, double Max) Range()
    {
        if (Count == 0)
            return (double.NaN, double.NaN);
        var (min, max) = (double.PositiveInfinity, double.NegativeInfinity);
        for (var i = 0; i < Count; i++)
            (min, max) = (Math.Min(min, this[i]), Math.Max(max, this[i]));
        return (min, max);
    }

    /// <summary>See <see cref="LossTrend"/>.</summary>
    public LossTrend Trend(double tolerance)
    {
        if (Count < HealthMonitor.LeastLosses)
            return LossTrend.Unknown;
        var (mean, middle) = (Mean(), (Count - 1) / 2.0);
        var (products, squares, level) = (0.0, 0.0, 0.0);
        for (var i = 0; i < Count; i++)
        {
            products += (i - middle) * (this[i] - mean);
            squares += (i - middle) * (i - middle);
            level += Math.Abs(this[i]) / Count;
        }
        var slope = products / squares;
        var scatter = 0.0;
        for (var i = 0; i < Count; i++)
        {
            var rest = this[i] - mean - (slope * (i - middle));
            scatter += rest * rest / Count;
        }
        (var change, scatter) = (slope * (Count - 1), Math.Sqrt(scatter));
        var small = tolerance * level;
        if (Math.Abs(change) > small && Math.Abs(change) >= scatter)
            return change < 0 ? LossTrend.Decreasing : LossTrend.Increasing;
        return scatter > small ? LossTrend.Oscillating : LossTrend.Stable;
    }
}
