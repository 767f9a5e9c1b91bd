using System.Text.Json;

namespace ExBurn;

/// <summary>
/// How gradients change the parameters: a description with PyTorch's formulas, options and defaults.
/// The state it needs (momenta and the like) lives beside the model's parameters. A parameter without a gradient is left as it is,
/// state and step count included.
/// </summary>
public abstract record Optimizer : Component
{
    private protected Optimizer(double learningRate) => LearningRate = learningRate;

    /// <summary>Learning rate at the start; callbacks and <see cref="Trainer.LearningRate"/> may change it in the run.</summary>
    public double LearningRate { get; init => field = Check.NonNegative(value); }

    /// <summary>Parameters that are treated otherwise. Default: none.</summary>
    public ValueArray<ParameterGroup> Groups { get; init; }

    internal override void WriteConfig(ConfigWriter config) => config.Add("lr", LearningRate);

    /// <summary>Writes <c>"groups": [...]</c>, where there are any, into an open object.</summary>
    internal void WriteGroups(Utf8JsonWriter json)
    {
        if (Groups.Count == 0)
            return;
        json.WriteStartArray("groups");
        foreach (var group in Groups)
        {
            json.WriteStartObject();
            group.WriteTo(json);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
