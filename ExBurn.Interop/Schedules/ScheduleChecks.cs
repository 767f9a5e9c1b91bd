using System.Runtime.CompilerServices;

namespace ExBurn;

/// <summary>Checks of schedules' options, as <see cref="Check"/> makes them.</summary>
internal static class ScheduleChecks
{
    public static int? Positive(int? value, [CallerMemberName] string name = "")
        => value is { } given ? Check.Positive(given, name) : null;

    public static ValueArray<int> Positions(int least, ValueArray<int> values, [CallerMemberName] string name = "")
    {
        foreach (var value in values)
            Check.AtLeast(least, value, name);
        return values;
    }

    /// <summary>At least one schedule, none of them null.</summary>
    public static ValueArray<Schedule> Some(ValueArray<Schedule> values, [CallerMemberName] string name = "")
    {
        if (values.Count == 0)
            throw new ArgumentException("At least one schedule is needed.", name);
        foreach (var value in values)
            Check.NotNull(value, name);
        return values;
    }
}
