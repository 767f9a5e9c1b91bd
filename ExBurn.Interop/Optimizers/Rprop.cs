namespace ExBurn;

/// <summary>
/// Resilient propagation (Riedmiller and Braun, 1993), for gradients of the whole data: only signs count. The learning rate is the
/// first step size; later rates do not matter.
/// </summary>
/// <param name="LearningRate">Learning rate. Default 1e-2.</param>
public sealed record Rprop(double LearningRate = 1e-2) : Optimizer(LearningRate)
{
    /// <summary>Factors of a step size where the gradient's sign turned (between 0 and 1) and where it stayed (above 1). Default (0.5, 1.2).</summary>
    public (double Minus, double Plus) Etas
    {
        get;
        init => field = value is { Minus: > 0 and < 1, Plus: > 1 and < double.PositiveInfinity }
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Etas), value, "Etas must be between 0 and 1, and above 1.");
    } = (0.5, 1.2);

    /// <summary>Least and largest step size. Default (1e-6, 50).</summary>
    public (double Least, double Most) StepSizes
    {
        get;
        init => field = value.Least >= 0 && value.Least <= value.Most && !double.IsInfinity(value.Most)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(StepSizes), value, "StepSizes must be at least 0 and in order.");
    } = (1e-6, 50);

    /// <summary>Makes the loss large instead of small. Default false.</summary>
    public bool Maximize { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config
            .Add("etas", Etas)
            .Add("step_sizes", StepSizes)
            .Add("maximize", Maximize);
    }
}
