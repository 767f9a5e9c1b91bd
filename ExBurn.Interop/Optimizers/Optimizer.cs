namespace ExBurn;

/// <summary>
/// How gradients change the parameters: a description with PyTorch's formulas, options and defaults.
/// The state it needs (momenta and the like) lives beside the model's parameters.
/// </summary>
public abstract record Optimizer : Component
{
    private protected Optimizer(double learningRate) => LearningRate = learningRate;

    /// <summary>Learning rate at the start; callbacks and <see cref="Trainer.LearningRate"/> may change it in the run.</summary>
    public double LearningRate { get; init => field = Check.NonNegative(value); }

    internal override void WriteConfig(ConfigWriter config) => config.Add("lr", LearningRate);
}
