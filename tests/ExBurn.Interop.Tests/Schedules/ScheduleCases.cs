using System.Globalization;
using System.Text.Json;

namespace ExBurn.Tests.Schedules;

/// <summary>From the text of a case (PyTorch's class and option names, or <c>LinearLR(0.1, 1.0, total_iters=4)</c>) to a schedule; null where unknown.</summary>
internal static class ScheduleCases
{
    private static readonly Dictionary<string, (string[] Positions, Func<Arguments, Schedule> Make)> Known = new(StringComparer.Ordinal)
    {
        ["StepLR"] = (["step_size", "gamma"], o => new StepDecay(o.Int("step_size")!.Value, o.Number("gamma") ?? 0.1)),
        ["MultiStepLR"] = (["milestones", "gamma"], o => new MultiStepDecay(o.Ints("milestones"), o.Number("gamma") ?? 0.1)),
        ["ExponentialLR"] = (["gamma"], o => new ExponentialDecay(o.Number("gamma")!.Value)),
        ["CosineAnnealingLR"] = (["T_max", "eta_min"], o => new CosineAnnealing(o.Int("T_max"), o.Number("eta_min") ?? 0)),
        ["CosineAnnealingWarmRestarts"] = (["T_0", "T_mult", "eta_min"],
            o => new CosineWarmRestarts(o.Int("T_0")!.Value, o.Int("T_mult") ?? 1, o.Number("eta_min") ?? 0)),
        ["LinearLR"] = (["start_factor", "end_factor", "total_iters"],
            o => new LinearSchedule(o.Number("start_factor") ?? 1.0 / 3, o.Number("end_factor") ?? 1, o.Int("total_iters") ?? 5)),
        ["ConstantLR"] = (["factor", "total_iters"], o => new ConstantSchedule(o.Number("factor") ?? 1.0 / 3, o.Int("total_iters") ?? 5)),
        ["PolynomialLR"] = (["total_iters", "power"], o => new PolynomialDecay(o.Int("total_iters") ?? 5, o.Number("power") ?? 1)),
        ["OneCycleLR"] = (["max_lr", "total_steps", "epochs", "steps_per_epoch", "pct_start", "anneal_strategy", "cycle_momentum", "base_momentum", "max_momentum", "div_factor", "final_div_factor", "three_phase"],
            o => new OneCycle(o.Number("max_lr")!.Value, o.Int("total_steps") ?? o.Int("epochs") * o.Int("steps_per_epoch"))
            {
                RisingShare = o.Number("pct_start") ?? 0.3,
                Annealing = o.Text("anneal_strategy") == "linear" ? Annealing.Linear : Annealing.Cosine,
                CycleMomentum = o.Flag("cycle_momentum") ?? true,
                BaseMomentum = o.Number("base_momentum") ?? 0.85,
                MaxMomentum = o.Number("max_momentum") ?? 0.95,
                StartDivisor = o.Number("div_factor") ?? 25,
                FinalDivisor = o.Number("final_div_factor") ?? 1e4,
                ThreePhase = o.Flag("three_phase") ?? false,
            }),
        ["CyclicLR"] = (["base_lr", "max_lr", "step_size_up", "step_size_down", "mode", "gamma", "scale_fn", "scale_mode", "cycle_momentum", "base_momentum", "max_momentum"],
            o => new Cyclic(o.Number("base_lr")!.Value, o.Number("max_lr")!.Value, o.Int("step_size_up") ?? 2000, o.Int("step_size_down"))
            {
                Mode = o.Text("mode") switch { "triangular2" => CyclicMode.Triangular2, "exp_range" => CyclicMode.ExponentialRange, _ => CyclicMode.Triangular },
                Gamma = o.Number("gamma") ?? 1,
                CycleMomentum = o.Flag("cycle_momentum") ?? true,
                BaseMomentum = o.Number("base_momentum") ?? 0.8,
                MaxMomentum = o.Number("max_momentum") ?? 0.9,
            }),
        ["ReduceLROnPlateau"] = (["mode", "factor", "patience", "threshold", "threshold_mode", "cooldown", "min_lr", "eps"],
            o => new ReduceOnPlateau(o.Number("factor") ?? 0.1, o.Int("patience") ?? 10)
            {
                HigherIsBetter = o.Text("mode") == "max",
                Threshold = o.Number("threshold") ?? 1e-4,
                RelativeThreshold = o.Text("threshold_mode") != "abs",
                Cooldown = o.Int("cooldown") ?? 0,
                MinRate = o.Number("min_lr") ?? 0,
                Eps = o.Number("eps") ?? 1e-8,
            }),
        ["LambdaLR"] = (["lr_lambda"], o => new LambdaSchedule(o.Function("lr_lambda"))),
        ["MultiplicativeLR"] = (["lr_lambda"], o => new MultiplicativeSchedule(o.Function("lr_lambda"))),
        ["SequentialLR"] = (["schedules", "milestones"], o => new SequentialSchedule(o.Schedules(), o.Ints("milestones"))),
        ["ChainedScheduler"] = (["schedules"], o => new ChainedSchedule([.. o.Schedules()])),
    };

    public static bool Knows(JsonElement one) => Known.ContainsKey(one.GetProperty("schedule").GetString()!);

    public static Schedule Make(JsonElement one)
    {
        var name = one.GetProperty("schedule").GetString()!;
        var options = one.GetProperty("config").EnumerateObject().ToDictionary(option => option.Name, option => option.Value, StringComparer.Ordinal);
        return Make(name, options);
    }

    /// <summary>A sub-schedule as text: positional arguments first, then named ones, as in Python.</summary>
    public static Schedule Parse(string text)
    {
        var open = text.IndexOf('(', StringComparison.Ordinal);
        var (name, inside) = (text[..open].Trim(), text[(open + 1)..text.LastIndexOf(')')]);
        var options = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var argument in Split(inside))
        {
            var named = argument.Split('=', 2);
            var key = named.Length == 2 ? named[0].Trim() : Known[name].Positions[options.Count];
            options[key] = Value(named[^1].Trim());
        }
        return Make(name, options);
    }

    private static Schedule Make(string name, Dictionary<string, JsonElement> options)
    {
        var (positions, make) = Known[name];
        Assert.All(options.Keys, key => Assert.Contains(key, positions));
        return make(new(options));
    }

    private static IEnumerable<string> Split(string text)
    {
        var (depth, begin) = (0, 0);
        for (var i = 0; i <= text.Length; i++)
        {
            depth += i == text.Length ? 0 : text[i] switch { '(' or '[' => 1, ')' or ']' => -1, _ => 0 };
            if (i < text.Length && (text[i] != ',' || depth > 0))
                continue;
            if (text[begin..i].Trim().Length > 0)
                yield return text[begin..i].Trim();
            begin = i + 1;
        }
    }

    private static JsonElement Value(string text)
    {
        var json = text switch { "True" => "true", "False" => "false", "None" => "null", _ => text.Replace('\'', '"') };
        if (text.StartsWith("lambda", StringComparison.Ordinal))
            json = JsonSerializer.Serialize(text);
        if (double.TryParse(json, CultureInfo.InvariantCulture, out var number))
            json = number.ToString("R", CultureInfo.InvariantCulture);
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    internal sealed class Arguments(Dictionary<string, JsonElement> options)
    {
        public double? Number(string key) => Has(key) ? options[key].GetDouble() : null;

        public int? Int(string key) => Has(key) ? (int)options[key].GetDouble() : null;

        public bool? Flag(string key) => Has(key) ? options[key].GetBoolean() : null;

        public string? Text(string key) => Has(key) ? options[key].GetString() : null;

        public Func<int, double> Function(string key) => PythonLambda.Parse(options[key].GetString()!);

        public ValueArray<int> Ints(string key) => [.. options[key].EnumerateArray().Select(one => one.GetInt32())];

        public ValueArray<Schedule> Schedules() => [.. options["schedules"].EnumerateArray().Select(one => Parse(one.GetString()!))];

        private bool Has(string key) => options.TryGetValue(key, out var value) && value.ValueKind != JsonValueKind.Null;
    }
}
