namespace ExBurn;

public abstract partial record Loss
{
    /// <inheritdoc cref="CTCLoss"/>
    /// <param name="blank">The class that stands for no label. Default 0.</param>
    /// <param name="batchFirst">Whether the prediction is [N, T, C], as models give it, rather than PyTorch's [T, N, C]. Default no.</param>
    public static CTCLoss Ctc(int blank = 0, bool batchFirst = false) => new() { Blank = blank, BatchFirst = batchFirst };
}

/// <summary>
/// Connectionist temporal classification of log-probabilities [T, N, C] ([N, T, C] with <see cref="BatchFirst"/>). Three integer targets:
/// the classes [N, S], padded as you like, the input lengths [N] and the target lengths [N]. The mean divides each loss by its target's
/// length. Computed on the host: a GPU waits for it.
/// </summary>
public sealed record CTCLoss : Loss
{
    /// <summary>The class that stands for no label. Default 0.</summary>
    public int Blank { get; init => field = Check.AtLeast(0, value); }

    /// <summary>Whether a target that does not fit into its input counts 0 rather than infinity. Default no.</summary>
    public bool ZeroInfinity { get; init; }

    /// <summary>Whether the prediction is [N, T, C], as models give it, rather than PyTorch's [T, N, C]. Default no.</summary>
    public bool BatchFirst { get; init; }

    internal override void WriteConfig(ConfigWriter config)
    {
        base.WriteConfig(config);
        config
            .Add("blank", Blank)
            .Add("zero_infinity", ZeroInfinity)
            .Add("batch_first", BatchFirst);
    }
}
