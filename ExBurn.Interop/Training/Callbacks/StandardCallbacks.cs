namespace ExBurn;

/// <summary>The callbacks that most runs want.</summary>
public static class StandardCallbacks
{
    /// <summary>Early stopping after five epochs without a better validation loss, a checkpoint every ten epochs, on demand a warm-up from 1 % of the rate.</summary>
    /// <param name="folder">Where the checkpoints go; made where it is missing. Default <c>checkpoints</c>.</param>
    /// <param name="patience">Epochs without improvement that end the run. Default 5.</param>
    /// <param name="every">Epochs between two checkpoints. Default 10.</param>
    /// <param name="warmupEpochs">Epochs of warm-up; 0 (default) for none.</param>
    /// <returns>The callbacks, for <see cref="FitOptions.Callbacks"/>; others may be put beside them. The run needs validation data.</returns>
    public static IReadOnlyList<Callback> Create(string folder = "checkpoints", int patience = 5, int every = 10, int warmupEpochs = 0)
    {
        Check.AtLeast(0, warmupEpochs, nameof(warmupEpochs));
        Callback[] standard = [new EarlyStopping(patience), new Checkpoint(folder, every)];
        return warmupEpochs == 0 ? standard : [.. standard, new RelativeWarmup(warmupEpochs)];
    }

    /// <summary>A warm-up from a share of the rate that the run begins with.</summary>
    private sealed class RelativeWarmup(int epochs) : Callback
    {
        private const double FirstShare = 0.01;

        private WarmupCallback? _warmup;

        public override void OnTrainBegin(TrainingContext context)
        {
            _warmup = new(epochs, FirstShare * context.LearningRate);
            _warmup.OnTrainBegin(context);
        }

        public override void OnEpochBegin(TrainingContext context) => _warmup!.OnEpochBegin(context);

        public override CallbackState? SaveState() => _warmup?.SaveState();

        public override void LoadState(TrainingContext context, CallbackState state)
        {
            var target = state.Numbers(1, this)[0];
            _warmup = new(epochs, FirstShare * target, target);
            _warmup.OnTrainBegin(context);
        }
    }
}
