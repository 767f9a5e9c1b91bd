namespace ExBurn;

/// <summary>How the losses of the elements become one number.</summary>
public enum Reduction
{
    /// <summary>Their mean (for weighted classes, the weighted mean).</summary>
    Mean,

    /// <summary>Their sum.</summary>
    Sum,

    /// <summary>Their sum divided by the number of rows; for <see cref="KLDivLoss"/> only.</summary>
    BatchMean,

    /// <summary>
    /// Not at all: one value per element (for classes per target), from <see cref="Loss.Apply(Tensor, Tensor)"/> and <see
    /// cref="Loss.ComputeEach(TensorView, TensorView)"/>. Training needs one number and refuses it.
    /// </summary>
    None,
}

/// <summary>What training makes small. Made by the methods of this class, as <c>Loss.CrossEntropy()</c>; formulas and defaults are PyTorch's.</summary>
public abstract partial record Loss : Component
{
    private protected Loss()
    {
    }

    /// <summary>How the losses of the elements become one number. Default: their mean.</summary>
    /// <exception cref="ArgumentException">The loss has no such reduction.</exception>
    public Reduction Reduction
    {
        get;
        init => field = value == Reduction.BatchMean && !HasBatchMean
            ? throw new ArgumentException($"{GetType().Name} has no reduction {value}.", nameof(Reduction))
            : value;
    }

    /// <summary>
    /// Name of the model's output that the loss judges, for models with several: <c>Loss.CrossEntropy() with { Output = "label" }</c>.
    /// Default null: the output at the loss's own position.
    /// </summary>
    public string? Output { get; init; }

    /// <summary>Factor of the loss in the sum of all losses. Default 1.</summary>
    public double LossWeight { get; init => field = Check.Finite(value); } = 1;

    /// <summary>Positions of its targets among those of the data. Default null: those after the targets of the loss before it.</summary>
    public ValueArray<int>? Targets { get; init; }

    private protected virtual bool HasBatchMean => false;

    // The class is PyTorch's: the core's name and "Loss".
    internal sealed override string TypeName => GetType().Name.Substring(0, GetType().Name.Length - "Loss".Length);

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("reduction", Reduction switch
        {
            Reduction.Sum => "sum",
            Reduction.BatchMean => "batchmean",
            Reduction.None => "none",
            _ => "mean",
        });
}
