namespace ExBurn;

/// <summary>Numbers about an array of a dataset, one per group. Made by <see cref="Dataset.InputStatistics"/>; computed in 64 bits, in two passes.</summary>
public sealed record DataStatistics
{
    /// <summary>Which elements share a number.</summary>
    public StatisticsGrouping Grouping { get; init; }

    /// <summary>Mean of each group.</summary>
    public ValueArray<double> Mean { get; init; }

    /// <summary>Population standard deviation of each group: the root of the mean square distance from the mean.</summary>
    public ValueArray<double> StandardDeviation { get; init; }

    /// <summary>Least value of each group.</summary>
    public ValueArray<double> Minimum { get; init; }

    /// <summary>Largest value of each group.</summary>
    public ValueArray<double> Maximum { get; init; }

    /// <summary>The transform to mean 0 and deviation 1: (x - mean) / deviation. A group without spread is only shifted.</summary>
    public Normalization Standard() => new(Grouping, Mean, NoZeros(StandardDeviation));

    /// <summary>The transform that takes the least value to <paramref name="least"/> and the largest to <paramref name="most"/>. A group without spread is only shifted.</summary>
    /// <param name="least">Where the least value goes. Default 0.</param>
    /// <param name="most">Where the largest value goes; above <paramref name="least"/>. Default 1.</param>
    public Normalization MinMax(double least = 0, double most = 1)
    {
        if (!(Check.Finite(most, nameof(most)) > Check.Finite(least, nameof(least))))
            throw new ArgumentOutOfRangeException(nameof(most), most, $"Must be above {least}.");
        var (shift, scale) = (new double[Mean.Count], new double[Mean.Count]);
        for (var i = 0; i < shift.Length; i++)
        {
            var range = Maximum[i] - Minimum[i];
            scale[i] = range > 0 ? range / (most - least) : 1;
            shift[i] = Minimum[i] - (least * scale[i]);
        }
        return new(Grouping, shift, scale);
    }

    private static ValueArray<double> NoZeros(ValueArray<double> values)
        => values.Select(value => value > 0 ? value : 1).ToArray();
}
