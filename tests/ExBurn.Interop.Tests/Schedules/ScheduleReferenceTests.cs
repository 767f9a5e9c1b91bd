using System.Text.Json;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Schedules;

/// <summary>Rates (and momenta) that PyTorch gave, case by case; the case's own text says which schedule it is.</summary>
public sealed class ScheduleReferenceTests
{
    public static TheoryData<int, string> Cases
    {
        get
        {
            var data = new TheoryData<int, string>();
            foreach (var (one, i) in ReferenceCases.Read("schedules.json").Select((one, i) => (one, i)).Where(item => ScheduleCases.Knows(item.one)))
                data.Add(i, one.GetProperty("schedule").GetString()!);
            return data;
        }
    }

    [Fact]
    public void No_case_is_left_out()
        => Assert.All(ReferenceCases.Read("schedules.json"), one => Assert.True(ScheduleCases.Knows(one), one.GetProperty("schedule").GetString()));

    /// <summary>What torch.optim.lr_scheduler documents: base · f(t), and rate · f(t) from t = 1 on.</summary>
    [Theory]
    [InlineData("""{"schedule":"LambdaLR","config":{"lr_lambda":"lambda epoch: 0.95 ** epoch"}}""", new double[] { 1, 0.95, 0.9025, 0.857375 })]
    [InlineData("""{"schedule":"LambdaLR","config":{"lr_lambda":"0.5 ** (epoch // 2)"}}""", new double[] { 1, 1, 0.5, 0.5 })]
    [InlineData("""{"schedule":"LambdaLR","config":{"lr_lambda":"lambda s: min((s + 1) ** -0.5, (s + 1) * 4 ** -1.5)"}}""", new double[] { 0.125, 0.25, 0.375, 0.5 })]
    [InlineData("""{"schedule":"LambdaLR","config":{"lr_lambda":"lambda e: 0.5 * (1 + math.cos(math.pi * e / 3)) if e < 2 else 0.1"}}""", new double[] { 1, 0.75, 0.1, 0.1 })]
    [InlineData("""{"schedule":"MultiplicativeLR","config":{"lr_lambda":"lambda epoch: 0.95"}}""", new double[] { 1, 0.95, 0.9025, 0.857375 })]
    [InlineData("""{"schedule":"SequentialLR","config":{"schedules":["LambdaLR(lambda e: 0.5)","MultiplicativeLR(lambda e: 0.1)"],"milestones":[2]}}""", new double[] { 0.5, 0.5, 0.5, 0.05 })]
    public void Functions_are_read_from_a_cases_text(string text, double[] rates)
    {
        using var document = JsonDocument.Parse(text);
        Assert.True(ScheduleCases.Knows(document.RootElement));
        Close.Check(rates, ScheduleCases.Make(document.RootElement).Preview(1, rates.Length), 1e-9, 0, text);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Rates_are_PyTorchs(int index, string name)
    {
        var one = ReferenceCases.Read("schedules.json")[index];
        var schedule = ScheduleCases.Make(one);
        var expected = Numbers(one, "rates");
        var metrics = one.TryGetProperty("metrics", out _) ? Numbers(one, "metrics") : null;
        var stepper = schedule.Start(one.GetProperty("base_lr").GetDouble());
        var (rates, momenta) = (new List<double> { stepper.Rate }, new List<double> { stepper.Momentum ?? double.NaN });
        for (var i = 1; i < expected.Length; i++)
        {
            // The state as text in between: a restored schedule must go on as the old one would.
            var restored = schedule.Start(123, stepper.Save().Length);
            restored.Restore(ScheduleState.FromJson(stepper.Save().ToJson()));
            stepper = restored;
            rates.Add(metrics is null ? stepper.Step() : stepper.Step(metrics[i - 1]));
            momenta.Add(stepper.Momentum ?? double.NaN);
        }
        Close.Check(expected, rates.ToArray(), 1e-9, 1e-17, name);
        if (one.TryGetProperty("momentum", out _))
            Close.Check(Numbers(one, "momentum"), momenta.ToArray(), 1e-9, 0, name + " momentum");

        var previewed = metrics is null
            ? schedule.Preview(one.GetProperty("base_lr").GetDouble(), expected.Length)
            : schedule.Preview(one.GetProperty("base_lr").GetDouble(), metrics.Take(expected.Length - 1));
        Assert.Equal(rates, previewed);
    }

    private static double[] Numbers(JsonElement one, string key) => [.. one.GetProperty(key).EnumerateArray().Select(number => number.GetDouble())];
}
