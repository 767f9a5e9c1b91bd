namespace ExBurn;

/// <summary>How <see cref="Trainer.Fit(Dataset, FitOptions?, CancellationToken)"/> trains. Immutable; checked when set.</summary>
public sealed record FitOptions
{
    /// <summary>Passes over the data, at least 0. Default 1.</summary>
    public int Epochs { get; init => field = Check.AtLeast(0, value); } = 1;

    /// <summary>Rows per batch; the last batch of an epoch may be smaller. Default 32.</summary>
    public int BatchSize { get; init => field = Check.Positive(value); } = 32;

    /// <summary>Whether rows are drawn in a new random order each epoch; the order follows from seed and epoch alone. Default true.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>Fixes order and dropout. Default: the model's <see cref="Model.Seed"/>.</summary>
    public long? Seed { get; init; }

    /// <summary>Whether a last batch that is smaller than the others is left out. Default false.</summary>
    public bool DropLast { get; init; }

    /// <summary>Data on which the model is judged after each epoch. Default none.</summary>
    public Dataset? Validation { get; init; }

    /// <summary>
    /// As <see cref="Validation"/>, data that is read after each epoch, anew each time: the same batches give the same numbers as a dataset of them, bit for bit. Samples are
    /// collected into batches of <see cref="ValidationBatchSize"/>, in the source's order. Instead of <see cref="Validation"/> and <see cref="ValidationSplit"/>. Default none.
    /// </summary>
    public DataStream? ValidationStream { get; init; }

    /// <summary>
    /// Share of the training data that is held back and on which the model is judged after each epoch instead: above 0, below 1. As in Keras the last rows,
    /// before any shuffling, unless <see cref="ValidationSplitKind"/> says otherwise. Not together with <see cref="Validation"/> or <see cref="ValidationStream"/>, not for streams. Default none.
    /// </summary>
    public double? ValidationSplit { get; init => field = value is null or (> 0 and < 1) ? value : throw new ArgumentOutOfRangeException(nameof(ValidationSplit), value, "ValidationSplit must be above 0 and below 1."); }

    /// <summary>Which rows <see cref="ValidationSplit"/> holds back. Random ones follow from the seed. Default <see cref="SplitKind.InOrder"/>: the last.</summary>
    public SplitKind ValidationSplitKind { get; init; }

    /// <summary>Which rows an epoch draws, instead of <see cref="Shuffle"/>. Not for streams. Default none.</summary>
    public Sampler? Sampler { get; init; }

    /// <summary>Mixup and CutMix in training. Not for streams. Default none.</summary>
    public Mixing? Mixing { get; init; }

    /// <summary>Rows per batch in validation. Default: <see cref="BatchSize"/>.</summary>
    public int? ValidationBatchSize { get; init => field = value is { } size ? Check.Positive(size) : null; }

    /// <summary>Scales gradients whose global norm is above this, before <see cref="ClipValue"/>. Default none.</summary>
    public double? ClipNorm { get; init => field = Check.Positive(value); }

    /// <summary>Limits each gradient element to this size. Default none.</summary>
    public double? ClipValue { get; init => field = Check.Positive(value); }

    /// <summary>Batches per optimizer step; their gradients are averaged, weighted by rows. Default 1.</summary>
    public int AccumulationSteps { get; init => field = Check.Positive(value); } = 1;

    /// <summary>
    /// In which floating-point type layers compute. With a half the parameters stay <see cref="DType.Float32"/>, and so does the loss; the model must be
    /// of that type. Default <see cref="Precision.Float32"/>.
    /// </summary>
    public Precision Precision { get; init => field = Precisions.Checked(value); }

    /// <summary>
    /// How the loss is scaled, so that small gradients do not vanish in half precision; a step whose gradients overflow is left out. Default: PyTorch's
    /// numbers with <see cref="Precision.Float16Mixed"/>, none with others. The scale belongs to the model, as the optimizer's state does: a later run and
    /// a resumed one go on with it, unless <see cref="LossScaling.InitialScale"/> is another.
    /// </summary>
    public LossScaling? LossScaling { get => field ?? (Precision == Precision.Float16Mixed ? LossScaling.Default : null); init; }

    /// <summary>
    /// Gradient (activation) checkpointing, PyTorch's <c>checkpoint_sequential</c>: the model's layers are cut into so many segments of equal numbers of layers,
    /// ⌈layers / segments⌉ each, and only the values at the cuts outlive the forward pass; those within a segment are computed again when the backward pass comes to
    /// it, the last segment's are kept. Saves memory for a second forward pass of all segments but the last; the result is the same, bit for bit on the CPU unless three or more layers read
    /// one value (their gradients may then add up in another order). A layer that holds others (a Transformer, an LSTM of several layers) is one layer here. At least 1; more than layers
    /// means one each. Default none: all values are kept. <see cref="ActivationMemory"/> helps to choose.
    /// </summary>
    public int? GradientCheckpointSegments { get; init => field = value is { } count ? Check.Positive(count) : null; }

    /// <summary>
    /// How the learning rate changes, from the optimizer's rate on; <see cref="OneCycle"/> and <see cref="Cyclic"/> set the momentum (or first beta) too.
    /// Parameter groups may have their own: <see cref="ParameterGroup.Schedule"/>. Default none: it stays. A later run with an equal schedule goes on with
    /// it, unless its length follows from the run; then, and with another schedule, it begins anew.
    /// </summary>
    public Schedule? Schedule { get; init; }

    /// <summary>A running average of the weights. Default none.</summary>
    public WeightAverage? Ema { get; init; }

    /// <summary>
    /// A checkpoint (<see cref="Trainer.SaveCheckpoint"/>, <see cref="Checkpoint"/>), or a folder of <see cref="Checkpoint"/>, whose newest is
    /// taken: the run goes on from there, within an epoch too, and ends as if it had not been interrupted. <see cref="Epochs"/>,
    /// <see cref="MaxSteps"/> and the history are those of the whole run. The model is compiled as it was, with the same options here;
    /// a checkpoint that does not fit is a <see cref="CheckpointException"/> that says how, and nothing is changed. A schedule whose length follows
    /// from the run gets the length of this one. Default none.
    /// </summary>
    public string? ResumeFrom { get; init; }

    /// <summary>Whether the run begins anew where <see cref="ResumeFrom"/> does not exist, as in a program's first run; else that is an error. Default false.</summary>
    public bool StartAnewWithoutFile { get; init; }

    /// <summary>Optimizer steps at most, at least 1; the run may end within an epoch. Default none.</summary>
    public long? MaxSteps { get; init => field = value is null or >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(MaxSteps), value, "MaxSteps must be at least 1."); }

    /// <summary>
    /// Time after which the run ends, looked at after the batches that <see cref="ReportEvery"/> selects and after each epoch. Above zero;
    /// of a resumed run the time since then. Default none.
    /// </summary>
    public TimeSpan? TimeLimit { get; init => field = value is null || value > TimeSpan.Zero ? value : throw new ArgumentOutOfRangeException(nameof(TimeLimit), value, "TimeLimit must be above zero."); }

    /// <summary>
    /// Whether a loss that is not finite ends the run with a <see cref="NumericalException"/> that names the batch.
    /// Default true; false lets it go on, as PyTorch does.
    /// </summary>
    public bool TerminateOnNaN { get; init; } = true;

    /// <summary>Called in order, on the thread that trains. Default none.</summary>
    public IReadOnlyList<Callback> Callbacks { get; init => field = Check.NotNull(value); } = [];

    /// <summary>
    /// Batches between two reports to callbacks and progress; 0 reports only the last of an epoch. Matters only when
    /// somebody listens to batches. Each report reads the loss from the device, which a GPU must wait for. Default 1.
    /// </summary>
    public int ReportEvery { get; init => field = Check.AtLeast(0, value); } = 1;

    /// <summary>Whether epochs have a validation.</summary>
    internal bool Validates => Validation is not null || ValidationStream is not null || ValidationSplit is not null;

    /// <summary>Checks the validation data, of which there may be one kind.</summary>
    /// <exception cref="ArgumentException">The dataset is empty, or there are several.</exception>
    internal void CheckValidation()
    {
        var kinds = (Validation is null ? 0 : 1) + (ValidationStream is null ? 0 : 1) + (ValidationSplit is null ? 0 : 1);
        if (kinds > 1)
            throw new ArgumentException("Only one of Validation, ValidationStream and ValidationSplit can be given.");
        if (Validation is { } validation)
            Trainer.RequireRows(validation, nameof(Validation));
    }
}

/// <summary>How <see cref="Trainer.TrainStep(TensorView, TensorView, in StepOptions)"/> makes its step.</summary>
public readonly record struct StepOptions
{
    /// <summary>Scales gradients whose global norm is above this, before <see cref="ClipValue"/>. Default none.</summary>
    public double? ClipNorm { get; init => field = Check.Positive(value); }

    /// <summary>Limits each gradient element to this size. Default none.</summary>
    public double? ClipValue { get; init => field = Check.Positive(value); }

    /// <summary>Gradient checkpointing, as <see cref="FitOptions.GradientCheckpointSegments"/>. Default none.</summary>
    public int? GradientCheckpointSegments { get; init => field = value is { } count ? Check.Positive(count) : null; }

    /// <summary>Whether <see cref="StepResult.GradientNorm"/> is computed where <see cref="ClipNorm"/> is not set: one more pass over the gradients. Default false.</summary>
    public bool MeasureGradients { get; init; }

    /// <summary>Makes the step even when the loss is not finite, instead of throwing. Default false.</summary>
    public bool AllowNaN { get; init; }

    /// <summary>In which floating-point type layers compute. Not used where gradients are only applied. Default <see cref="Precision.Float32"/>.</summary>
    public Precision Precision { get; init => field = Precisions.Checked(value); }

    /// <summary>As <see cref="FitOptions.LossScaling"/>, with the same default. Not used where gradients are only applied: there <see cref="GradScaler"/> does it.</summary>
    public LossScaling? LossScaling { get => field ?? (Precision == Precision.Float16Mixed ? LossScaling.Default : null); init; }
}
