namespace ExBurn;

/// <summary>
/// Trains and evaluates a compiled model. Holds nothing native itself; what a run leaves behind (weights, optimizer state, rate,
/// number of epochs) belongs to the model. One run at a time per model: a second fails with <see cref="ErrorCode.Busy"/>.
/// </summary>
public sealed partial class Trainer
{
    /// <summary>A trainer of a model, which may also be compiled later.</summary>
    public Trainer(Model model) => Model = Check.NotNull(model, nameof(model));

    /// <summary>The model.</summary>
    public Model Model { get; }

    /// <summary>The learning rate of the next step or epoch; at first the optimizer's.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rate is negative or not finite.</exception>
    /// <exception cref="InvalidOperationException">The model is not compiled.</exception>
    public double LearningRate
    {
        get => Model.RequireTraining().LearningRate;
        set => Model.RequireTraining().LearningRate = Check.NonNegative(value);
    }

    /// <summary>Epochs finished since the model was compiled; a further run continues their sequence of shuffles.</summary>
    /// <exception cref="InvalidOperationException">The model is not compiled.</exception>
    public int CompletedEpochs => Model.RequireTraining().Epochs;

    internal static void RequireRows(Dataset data, string name)
    {
        if (Check.NotNull(data, name).Count == 0)
            throw new ArgumentException("The dataset has no rows.", name);
    }

    /// <summary>Lets Predict take plain arrays once data has shown what a sample is.</summary>
    private void RememberSample(Dataset data)
    {
        if (data.InputShapes.Count == 1)
            Model.SeenSampleShape = data.InputShapes[0].WithoutFirst();
    }
}
