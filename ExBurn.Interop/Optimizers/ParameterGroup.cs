using System.Text.Json;

namespace ExBurn;

/// <summary>
/// Parameters that an optimizer treats otherwise: <c>new AdamW(1e-3) { Groups = [new ParameterGroup("*.bias") { WeightDecay = 0 }] }</c>.
/// Options that are not set are those of the optimizer. For more than rate and decay, or for another optimizer, a whole one is given:
/// <c>new ParameterGroup(adam with { Betas = (0.8, 0.9) }, "encoder")</c>.
/// <para>A rate that a schedule or <see cref="Trainer.LearningRate"/> sets is that of the optimizer; a group's rate keeps its proportion to it:
/// own rate · rate / optimizer's <see cref="Optimizer.LearningRate"/> (own rate where that is 0); unless it has a <see cref="Schedule"/>.</para>
/// </summary>
public sealed record ParameterGroup
{
    /// <summary>Parameters with another learning rate or decay.</summary>
    /// <param name="patterns">Names of parameters or of layers: <c>0.weight</c>, <c>encoder</c>; * stands for any text, ? for one character.
    /// One that matches no parameter is an error, and so is a parameter in two groups.</param>
    public ParameterGroup(params string[] patterns)
    {
        if (Check.NotNull(patterns, nameof(patterns)).Length == 0 || patterns.Any(string.IsNullOrEmpty))
            throw new ArgumentException("A group needs at least one pattern, and none may be empty.", nameof(patterns));
        Patterns = patterns;
    }

    /// <summary>Parameters with an optimizer of their own, which may be of another type.</summary>
    /// <param name="optimizer">Their optimizer, without groups.</param>
    /// <param name="patterns">Names of parameters or of layers; * stands for any text, ? for one character.</param>
    public ParameterGroup(Optimizer optimizer, params string[] patterns) : this(patterns)
    {
        Optimizer = Check.NotNull(optimizer, nameof(optimizer));
        if (optimizer.Groups.Count > 0)
            throw new ArgumentException("The optimizer of a group cannot have groups.", nameof(optimizer));
    }

    /// <summary>Names of parameters or of layers.</summary>
    public ValueArray<string> Patterns { get; }

    /// <summary>Their own optimizer, or null for the common one.</summary>
    public Optimizer? Optimizer { get; }

    /// <summary>Their learning rate. Default: the optimizer's.</summary>
    /// <exception cref="InvalidOperationException">The group has an optimizer of its own.</exception>
    public double? LearningRate { get; init => field = Own(value); }

    /// <summary>Their decay. Default: the optimizer's.</summary>
    /// <exception cref="InvalidOperationException">The group has an optimizer of its own.</exception>
    public double? WeightDecay { get; init => field = Own(value); }

    /// <summary>
    /// How their learning rate changes in Fit, from their own rate on (<see cref="LearningRate"/>, or the optimizer's). Default none: the rate
    /// keeps its proportion to the optimizer's.
    /// </summary>
    public Schedule? Schedule { get; init; }

    internal void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartArray("params");
        foreach (var pattern in Patterns)
            json.WriteStringValue(pattern);
        json.WriteEndArray();
        if (Optimizer is { } optimizer)
        {
            optimizer.WriteTo(json);
            return;
        }
        json.WriteStartObject("config");
        if (LearningRate is { } rate)
            json.WriteNumber("lr", rate);
        if (WeightDecay is { } decay)
            json.WriteNumber("weight_decay", decay);
        json.WriteEndObject();
    }

    private double? Own(double? value, [System.Runtime.CompilerServices.CallerMemberName] string name = "")
    {
        if (Optimizer is not null)
            throw new InvalidOperationException($"The group has an optimizer of its own: set {name} there.");
        return value is { } number ? Check.NonNegative(number, name) : null;
    }
}
