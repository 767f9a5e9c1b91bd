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

    /// <summary>An optimizer of tensors with these options: <c>using var optimizer = new SGD(0.1).For(w, b);</c></summary>
    /// <param name="parameters">Leaves that require gradients, each given once.</param>
    /// <exception cref="ArgumentException">There are none, one is given twice, is no leaf or requires no gradient; or the options have <see cref="Groups"/>.</exception>
    /// <exception cref="DTypeException">A tensor does not hold floats.</exception>
    public TensorOptimizer For(params Tensor[] parameters) => new(this, parameters);

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
