using System.Text.Json;

namespace ExBurn;

/// <summary>A model in numbers, as <see cref="Model.Info"/> gives it.</summary>
public sealed record ModelInfo
{
    /// <summary>Class of the model, as <c>Sequential</c>.</summary>
    public string Type { get; init; } = "";

    /// <summary>Number of layers.</summary>
    public int Layers { get; init; }

    /// <summary>Number of layers with parameters or buffers that are all frozen.</summary>
    public int FrozenLayers { get; init; }

    /// <summary>Number of parameter elements.</summary>
    public long Parameters { get; init; }

    /// <summary>How many of them are trained.</summary>
    public long TrainableParameters { get; init; }

    /// <summary>Number of buffer elements.</summary>
    public long Buffers { get; init; }

    /// <summary>Bytes of parameters and buffers.</summary>
    public long Bytes { get; init; }

    /// <summary>Bytes of the optimizer's state; 0 before the first step.</summary>
    public long OptimizerBytes { get; init; }

    /// <summary>Bytes of the gradients that a training step makes: one number per trained parameter. Activations come on top.</summary>
    public long GradientBytes => TrainableParameters * DType.Size();

    /// <summary>Type in which the model computes.</summary>
    public DType DType { get; init; }

    /// <summary>Where it lives, in the core's words, as <c>cpu (AMD EPYC ...)</c>.</summary>
    public string Device { get; init; } = "";

    /// <summary>Whether the model can be trained.</summary>
    public bool IsCompiled { get; init; }

    /// <summary>The loss; null where it is not compiled.</summary>
    public Loss? Loss { get; init; }

    /// <summary>The optimizer; null where it is not compiled.</summary>
    public Optimizer? Optimizer { get; init; }

    /// <summary>The learning rate of the next step; null where it is not compiled.</summary>
    public double? LearningRate { get; init; }

    /// <summary>Epochs finished since the model was compiled.</summary>
    public int CompletedEpochs { get; init; }

    /// <summary>Reads as <c>Sequential: 3 layers, 235146 parameters (235146 trainable), 940584 bytes, Float32 on cpu (...)</c>.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"{Type}: {Layers} layers, {Parameters} parameters ({TrainableParameters} trainable), {Bytes} bytes, {DType} on {Device}");

    internal static ModelInfo FromJson(string type, string text)
    {
        var summary = ModelSummary.FromJson(type, text);
        using var document = JsonDocument.Parse(text);
        return new()
        {
            Type = type,
            Layers = summary.Layers.Count,
            FrozenLayers = summary.Layers.Count(layer => layer.IsFrozen),
            Parameters = summary.Parameters,
            TrainableParameters = summary.TrainableParameters,
            Buffers = summary.Layers.Sum(layer => layer.Buffers),
            Bytes = summary.Bytes,
            OptimizerBytes = document.RootElement.Number("optimizer_bytes"),
            DType = summary.DType,
            Device = summary.Device,
        };
    }
}
