using System.Globalization;

namespace ExBurn.Samples.Mnist;

/// <summary>What the command line says.</summary>
internal sealed record Options
{
    public const string Usage = """
        Trains a classifier of handwritten digits.
          --model mlp|cnn           network (default mlp)
          --data DIR                folder of the four MNIST files, plain or .gz (default: the subset in the repository)
          --device cpu|ndarray|gpu  where it runs (default cpu)
          --epochs N                passes over the data (default 20 for mlp, 5 for cnn)
          --batch N                 images per step (default 128)
          --seed N                  weights, order and dropout (default 1)
          --save FILE               safetensors file to write (default runs/mnist-MODEL.safetensors)
        """;

    public bool Help { get; private init; }

    public string Model { get; private init; } = "mlp";

    public string Data { get; private init; } = Path.Combine(AppContext.BaseDirectory, "mnist-subset");

    public string DeviceName { get; private init; } = "cpu";

    public int BatchSize { get; private init; } = 128;

    public long Seed { get; private init; } = 1;

    private int? ChosenEpochs { get; init; }

    private string? ChosenFile { get; init; }

    public int Epochs => ChosenEpochs ?? (Model == "mlp" ? 20 : 5);

    public string SaveTo => ChosenFile ?? Path.Combine("runs", $"mnist-{Model}.safetensors");

    public Device Device => DeviceName switch
    {
        "gpu" => Device.Gpu(),
        "ndarray" => Device.NdArray,
        _ => Device.Cpu,
    };

    /// <exception cref="UsageException">An option is unknown, or its value is missing or wrong.</exception>
    public static Options Parse(IReadOnlyList<string> arguments)
    {
        var options = new Options();
        for (var i = 0; i < arguments.Count; i++)
        {
            var name = arguments[i];
            if (name is "--help" or "-h")
                return options with { Help = true };
            if (i + 1 == arguments.Count)
                throw new UsageException(name.StartsWith("--", StringComparison.Ordinal) ? $"{name} needs a value" : $"unknown argument {name}");
            var value = arguments[++i];
            options = name switch
            {
                "--model" => options with { Model = OneOf(name, value, "mlp", "cnn") },
                "--data" => options with { Data = value },
                "--device" => options with { DeviceName = OneOf(name, value, "cpu", "ndarray", "gpu") },
                "--epochs" => options with { ChosenEpochs = Positive(name, value) },
                "--batch" => options with { BatchSize = Positive(name, value) },
                "--seed" => options with { Seed = Seeded(name, value) },
                "--save" => options with { ChosenFile = value },
                _ => throw new UsageException($"unknown option {name}"),
            };
        }
        return options;
    }

    private static string OneOf(string name, string value, params string[] allowed) =>
        allowed.Contains(value) ? value : throw new UsageException($"{name} must be {string.Join(", ", allowed)}; found {value}");

    private static int Positive(string name, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new UsageException($"{name} must be a whole number of at least 1; found {value}");

    private static long Seeded(string name, string value) =>
        long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new UsageException($"{name} must be a whole number of at least 0; found {value}");
}

/// <summary>The command line is wrong.</summary>
internal sealed class UsageException(string message) : Exception(message);
