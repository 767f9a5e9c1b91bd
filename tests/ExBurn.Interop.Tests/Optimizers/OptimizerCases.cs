using System.Text.Json;

namespace ExBurn.Tests.Optimizers;

/// <summary>From a reference case's own text to an optimizer; null where the library does not have what the case needs.</summary>
internal static class OptimizerCases
{
    /// <summary>Options of a case that are not the optimizer's.</summary>
    private static readonly string[] Beside = ["groups", "params", "clip_global_norm", "frozen"];

    public static Optimizer? Make(JsonElement one, Func<string, string> nameOf)
    {
        var type = one.GetProperty("optimizer").GetString()!;
        var config = one.GetProperty("config");
        if (Make(type, config) is not { } optimizer)
            return null;
        if (!config.TryGetProperty("groups", out var groups))
            return optimizer;
        var own = new List<ParameterGroup>();
        foreach (var group in groups.EnumerateArray())
        {
            string[] names = [.. group.GetProperty("params").EnumerateArray().Select(name => nameOf(name.GetString()!))];
            own.Add(new(names) { LearningRate = Number(group, "lr"), WeightDecay = Number(group, "weight_decay") });
        }
        return optimizer with { Groups = own.ToArray() };
    }

    private static double? Number(JsonElement config, string key) => config.TryGetProperty(key, out var value) ? value.GetDouble() : null;

    private static Optimizer? Make(string type, JsonElement config)
    {
        var read = new HashSet<string>(Beside);
        double Get(string key, double otherwise)
        {
            read.Add(key);
            return Number(config, key) ?? otherwise;
        }
        bool Flag(string key)
        {
            read.Add(key);
            return config.TryGetProperty(key, out var value) && value.GetBoolean();
        }
        (double First, double Second) Pair(string key, double first, double second)
        {
            read.Add(key);
            return config.TryGetProperty(key, out var pair) ? (pair[0].GetDouble(), pair[1].GetDouble()) : (first, second);
        }
        double Rate(double otherwise) => Get("lr", otherwise);
        double Decay(double otherwise = 0) => Get("weight_decay", otherwise);
        (double First, double Second) Betas(double second = 0.999) => Pair("betas", 0.9, second);

        Optimizer? optimizer = type switch
        {
            "SGD" => new SGD(Rate(1e-3))
            {
                Momentum = Get("momentum", 0),
                Dampening = Get("dampening", 0),
                WeightDecay = Decay(),
                Nesterov = Flag("nesterov"),
                Maximize = Flag("maximize"),
            },
            "Adam" => new Adam(Rate(1e-3)) { Betas = Betas(), Eps = Get("eps", 1e-8), WeightDecay = Decay(), AmsGrad = Flag("amsgrad"), Maximize = Flag("maximize") },
            "AdamW" => new AdamW(Rate(1e-3)) { Betas = Betas(), Eps = Get("eps", 1e-8), WeightDecay = Decay(0.01), AmsGrad = Flag("amsgrad"), Maximize = Flag("maximize") },
            "RMSprop" => new RMSprop(Rate(1e-2))
            {
                Alpha = Get("alpha", 0.99),
                Eps = Get("eps", 1e-8),
                WeightDecay = Decay(),
                Momentum = Get("momentum", 0),
                Centered = Flag("centered"),
            },
            "Adagrad" => new Adagrad(Rate(1e-2))
            {
                LearningRateDecay = Get("lr_decay", 0),
                WeightDecay = Decay(),
                InitialAccumulatorValue = Get("initial_accumulator_value", 0),
                Eps = Get("eps", 1e-10),
            },
            "Adadelta" => new Adadelta(Rate(1)) { Rho = Get("rho", 0.9), Eps = Get("eps", 1e-6), WeightDecay = Decay() },
            "Adamax" => new Adamax(Rate(2e-3)) { Betas = Betas(), Eps = Get("eps", 1e-8), WeightDecay = Decay() },
            "NAdam" => new NAdam(Rate(2e-3))
            {
                Betas = Betas(),
                Eps = Get("eps", 1e-8),
                WeightDecay = Decay(),
                MomentumDecay = Get("momentum_decay", 4e-3),
                DecoupledWeightDecay = Flag("decoupled_weight_decay"),
            },
            "RAdam" => new RAdam(Rate(1e-3)) { Betas = Betas(), Eps = Get("eps", 1e-8), WeightDecay = Decay(), DecoupledWeightDecay = Flag("decoupled_weight_decay") },
            "Rprop" => new Rprop(Rate(1e-2)) { Etas = Pair("etas", 0.5, 1.2), StepSizes = Pair("step_sizes", 1e-6, 50) },
            "ASGD" => new ASGD(Rate(1e-2)) { Lambda = Get("lambd", 1e-4), Alpha = Get("alpha", 0.75), T0 = Get("t0", 1e6), WeightDecay = Decay() },
            "LAMB" => new LAMB(Rate(1e-3)) { Betas = Betas(), Eps = Get("eps", 1e-6), WeightDecay = Decay() },
            "Lion" => new Lion(Rate(1e-4)) { Betas = Betas(0.99), WeightDecay = Decay() },
            _ => null,
        };
        return config.EnumerateObject().All(option => read.Contains(option.Name)) ? optimizer : null;
    }
}
