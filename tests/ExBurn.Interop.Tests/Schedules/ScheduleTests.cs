using ExBurn.Tests.Support;

namespace ExBurn.Tests.Schedules;

public sealed class ScheduleTests
{
    // Numbers of notes/exburn.md, section 4.3.
    [Theory]
    [InlineData(0.1, 0.001, new[] { 0.1, 0.07525, 0.02575, 0.001 })]
    [InlineData(1e-3, 1e-5, new[] { 1e-3, 9.701478473e-4, 8.841919993e-4, 7.525e-4, 5.909558479e-4, 4.190441521e-4, 2.575e-4, 1.258080007e-4, 3.985215271e-5, 1e-5 })]
    [InlineData(0.1, 0.001, new[] { 0.1 })]
    public void ExBurns_cosine_ends_at_the_least_rate(double rate, double least, double[] expected)
    {
        Close.Check(expected, new EpochCosine(minRate: least).Preview(rate, expected.Length), 1e-9, 0, "of the run's length");
        Assert.Equal(expected[^1], new EpochCosine(expected.Length, least).Preview(rate, expected.Length + 3)[^1], 1e-12);
    }

    [Fact]
    public void ExBurns_step_and_exponential()
    {
        Close.Check([0.1, 0.1, 0.1, 0.05, 0.05, 0.05], new StepDecay(3, 0.5).Preview(0.1, 6), 1e-12, 0, "step");
        Close.Check([0.1, 0.05, 0.025], new ExponentialDecay(0.5).Preview(0.1, 3), 1e-12, 0, "exponential");
    }

    [Fact]
    public void Noam_is_the_papers_formula()
    {
        var rates = new Noam(512, 4).Preview(2, 9);
        for (var i = 0; i < rates.Length; i++)
        {
            var step = i + 1.0;
            Assert.Equal(2 * Math.Pow(512, -0.5) * Math.Min(Math.Pow(step, -0.5), step * Math.Pow(4, -1.5)), rates[i], 1e-15);
        }
        Assert.Equal(3, Array.IndexOf(rates, rates.Max()));
        Assert.Equal(ScheduleInterval.Step, new Noam(8).Interval);
    }

    [Fact]
    public void Functions_of_the_position()
    {
        Close.Check([0.5, 0.25, 0.125], new LambdaSchedule(at => Math.Pow(0.5, at)).Preview(0.5, 3), 1e-15, 0, "lambda");
        Close.Check([1, 0.5, 1.0 / 6], new MultiplicativeSchedule(at => 1.0 / (at + 1)).Preview(1, 3), 1e-15, 0, "multiplicative");
    }

    [Fact]
    public void A_warm_up_hands_over_at_position_0()
    {
        Close.Check([0.1, 0.4, 0.7, 1, 1, 1], new Warmup(3).Preview(1, 6), 1e-12, 0, "alone");
        Close.Check([0, 0.5, 1, 0.9, 0.81], new Warmup(2, new ExponentialDecay(0.9), startFactor: 0).Preview(1, 5), 1e-12, 0, "then a decay");
        // The cosine takes the 4 positions that are left.
        Close.Check([.. new Warmup(2).Preview(1, 2), .. new CosineAnnealing(4).Preview(1, 4)], new Warmup(2, new CosineAnnealing()).Preview(1, 6), 1e-12, 0, "open length");
        Close.Check(new StepDecay(2).Preview(1, 5), new Warmup(0, new StepDecay(2)).Preview(1, 5), 1e-15, 0, "no warm-up");
    }

    [Fact]
    public void Open_lengths_in_a_row_take_the_place_between_the_milestones()
    {
        var rates = new SequentialSchedule([new EpochCosine(), new EpochCosine(minRate: 0.5)], [3]).Preview(1, 7);
        Close.Check([1, 0.5, 0, 1, 0.875, 0.625, 0.5], rates, 1e-12, 1e-16, "in a row");
    }

    [Fact]
    public void Momentum_can_be_left_alone_and_passes_through_compositions()
    {
        Assert.Null((new OneCycle(1, 10) { CycleMomentum = false }).Start(1).Momentum);
        Assert.Null(new StepDecay(1).Start(1).Momentum);
        var stepper = new SequentialSchedule([new StepDecay(9), new OneCycle(1, 10)], [1]).Start(1);
        Assert.Null(stepper.Momentum);
        stepper.Step();
        Assert.Equal(0.95, stepper.Momentum);
        Assert.Equal(0.9, new ChainedSchedule(new Cyclic(0, 1, 2), new StepDecay(1)).Start(1).Momentum);
    }

    [Fact]
    public void A_custom_scale_replaces_the_mode()
    {
        var schedule = new Cyclic(0, 1, 1) { Scale = cycle => 1 / cycle };
        Close.Check([0, 1, 0, 0.5, 0, 1.0 / 3], schedule.Preview(9, 6), 1e-12, 1e-15, "by cycle");
        Close.Check([0, 1, 0, 3, 0, 5], (schedule with { Scale = at => at, ScaleByPosition = true }).Preview(9, 6), 1e-12, 1e-15, "by position");
    }

    [Fact]
    public void A_rate_set_by_hand_is_gone_on_from()
    {
        var stepper = new ExponentialDecay(0.5).Start(1);
        stepper.Rate = 8;
        Assert.Equal(4, stepper.Step());
        Assert.Throws<ArgumentOutOfRangeException>(() => stepper.Rate = double.NaN);
    }

    [Fact]
    public void What_has_ended_or_waits_says_so()
    {
        Assert.Throws<InvalidOperationException>(() => new OneCycle(0.1, 5).Preview(1, 8));
        Assert.Throws<InvalidOperationException>(() => new ReduceOnPlateau().Start(1).Step());
        Assert.Contains("CosineAnnealing", Assert.Throws<InvalidOperationException>(() => new CosineAnnealing().Start(1).Step()).Message, StringComparison.Ordinal);
        Assert.Empty(new StepDecay(1).Preview(1, 0));
    }

    [Fact]
    public void A_plateau_never_takes_NaN_for_better()
    {
        var rates = new ReduceOnPlateau(0.5, 0) { Threshold = 1 }.Preview(1, [double.NaN, 3, double.NaN]);
        Assert.Equal([1, 0.5, 0.5, 0.25], rates);
    }

    [Fact]
    public void A_plateau_inside_others_gets_the_metric()
    {
        var stepper = new ChainedSchedule(new ReduceOnPlateau(0.5, 0), new ExponentialDecay(0.1)).Start(1);
        stepper.Step(1);
        Assert.Equal(0.005, stepper.Step(1), 1e-12);
        Assert.Equal(2, stepper.Save().Children.Count);
    }

    [Fact]
    public void Schedules_compare_by_value_and_states_must_fit()
    {
        Assert.Equal(new ChainedSchedule(new StepDecay(2), new Noam(8)), new ChainedSchedule(new StepDecay(2), new Noam(8)));
        Assert.NotEqual(new StepDecay(2), new StepDecay(2) { Interval = ScheduleInterval.Step });
        var state = new ReduceOnPlateau().Start(1).Save();
        Assert.Equal(state, ScheduleState.FromJson(state.ToJson()));
        Assert.Throws<ArgumentException>(() => new StepDecay(1).Start(1).Restore(state));
        Assert.Throws<FormatException>(() => ScheduleState.FromJson("{}"));
        Assert.Throws<FormatException>(() => ScheduleState.FromJson("no"));
    }

    public static TheoryData<string, Func<object>> Wrong => new()
    {
        { "StepSize", () => new StepDecay(0) },
        { "Milestones", () => new MultiStepDecay([3, -1]) },
        { "Gamma", () => new ExponentialDecay(double.NaN) },
        { "Length", () => new PolynomialDecay(0) },
        { "StartFactor", () => new LinearSchedule(0) },
        { "EndFactor", () => new LinearSchedule(1, 1.5) },
        { "Factor", () => new ConstantSchedule(0) },
        { "Period", () => new CosineAnnealing(0) },
        { "MinRate", () => new EpochCosine(3, -1) },
        { "PeriodFactor", () => new CosineWarmRestarts(3, 0) },
        { "RisingShare", () => new OneCycle(1) { RisingShare = 1.1 } },
        { "StepsUp", () => new Cyclic(0, 1, 0) },
        { "Factor", () => new ReduceOnPlateau(1) },
        { "ModelSize", () => new Noam(0) },
        { "milestones", () => new SequentialSchedule([new StepDecay(1), new StepDecay(1)], [0]) },
        { "baseRate", () => new StepDecay(1).Start(-1) },
        { "length", () => new StepDecay(1).Start(1, 0) },
    };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void A_wrong_option_is_named(string option, Func<object> make)
        => Assert.Equal(option, Assert.Throws<ArgumentOutOfRangeException>(make).ParamName);

    [Fact]
    public void Compositions_must_fit()
    {
        Assert.Throws<ArgumentException>(() => new SequentialSchedule([new StepDecay(1)], [1]));
        Assert.Throws<ArgumentException>(() => new SequentialSchedule([new StepDecay(1), new StepDecay(1), new StepDecay(1)], [3, 2]));
        Assert.Throws<ArgumentException>(() => new ChainedSchedule());
        Assert.Throws<ArgumentNullException>(() => new ChainedSchedule(null!, new StepDecay(1)));
        Assert.Throws<ArgumentNullException>(() => new LambdaSchedule(null!));
    }
}
