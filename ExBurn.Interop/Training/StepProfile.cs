namespace ExBurn;

/// <summary>Where the time of one training step went; see <see cref="Trainer.ProfileStep(TensorView, TensorView, in StepOptions)"/>.</summary>
public readonly record struct StepProfile
{
    /// <summary>Copying the batch and moving it to the device.</summary>
    public TimeSpan Data { get; init; }

    /// <summary>Forward pass and loss.</summary>
    public TimeSpan Forward { get; init; }

    /// <summary>Backward pass.</summary>
    public TimeSpan Backward { get; init; }

    /// <summary>Clipping and the optimizer.</summary>
    public TimeSpan Optimizer { get; init; }

    /// <summary>The four together.</summary>
    public TimeSpan Total => Data + Forward + Backward + Optimizer;

    /// <summary>What the step gave.</summary>
    public StepResult Result { get; init; }

    /// <summary>Reads as <c>data 0.012 ms, forward 0.104 ms, backward 0.186 ms, optimizer 0.071 ms</c>.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"data {Data.TotalMilliseconds:0.000} ms, forward {Forward.TotalMilliseconds:0.000} ms, backward {Backward.TotalMilliseconds:0.000} ms, optimizer {Optimizer.TotalMilliseconds:0.000} ms");
}
