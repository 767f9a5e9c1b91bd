namespace ExBurn;

/// <summary>
/// A running average of the weights, kept beside them and moved after each optimizer step: PyTorch's AveragedModel with
/// get_ema_multi_avg_fn, average = decay · average + (1 − decay) · weights; the first move copies the weights. Averaged weights often predict
/// better; <see cref="Trainer.UseAveragedWeights"/> puts them in the place of the trained ones. They move with <see cref="Model.To"/>, and
/// checkpoints hold them. A further run goes on with them; Compile drops them.
/// </summary>
public sealed record WeightAverage
{
    /// <summary>An exponential average.</summary>
    /// <param name="decay">What stays of the average at a move, from 0 to 1. Default 0.999.</param>
    public WeightAverage(double decay = 0.999) => Decay = Check.Probability(decay, nameof(decay));

    private WeightAverage(double? decay) => Decay = decay;

    /// <summary>The plain mean of all weights at the moves: stochastic weight averaging (Izmailov and others, 2018), PyTorch's get_swa_multi_avg_fn.</summary>
    /// <param name="every">Optimizer steps between two moves.</param>
    public static WeightAverage Mean(int every = 1) => new((double?)null) { Every = every };

    /// <summary>What stays of the average at a move; null for the plain mean.</summary>
    public double? Decay { get; }

    /// <summary>Whether the decay rises to its value: at most (1 + n) / (10 + n) after n moves. Default false.</summary>
    public bool Warmup { get; init; }

    /// <summary>Optimizer steps between two moves, at least 1. Default 1.</summary>
    public int Every { get; init => field = Check.Positive(value); } = 1;

    /// <summary>Whether buffers (running statistics of batch norm) are averaged too; else the model's are used. Default false, as in PyTorch.</summary>
    public bool Buffers { get; init; }

    /// <summary>
    /// Whether a run's validation judges the averaged weights; the best weights that <see cref="EarlyStopping"/> and <see cref="Checkpoint"/>
    /// keep are then averaged ones. Default true.
    /// </summary>
    public bool Validate { get; init; } = true;

    internal string ToJson() => JsonText.Object(json =>
    {
        json.WriteNumber("version", ModelDescription.Version);
        new ConfigWriter(json).Add("decay", Decay).Add("warmup", Warmup).Add("every", Every).Add("buffers", Buffers);
    });
}
