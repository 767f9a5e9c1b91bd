namespace ExBurn;

/// <summary>
/// Loss scaling for loops of one's own, with the protocol of torch.cuda.amp.GradScaler: compute gradients of the scaled loss
/// (<see cref="GradientOptions.Scaler"/>), <see cref="Step(Trainer, Gradients, in StepOptions)"/>, <see cref="Update()"/>. <see cref="Trainer.Fit(Dataset, FitOptions?, CancellationToken)"/> and
/// <see cref="Trainer.TrainStep(TensorView, TensorView, in StepOptions)"/> do it themselves. One thread at a time.
/// </summary>
public sealed class GradScaler
{
    // What was divided since the last Update, and what was found there.
    private readonly Dictionary<object, Found> _looked = [];

    /// <summary>Makes a scaler.</summary>
    /// <param name="options">How the scale begins and moves; null for PyTorch's numbers.</param>
    public GradScaler(LossScaling? options = null)
    {
        Options = options ?? LossScaling.Default;
        CurrentScale = Options.IsEnabled ? Options.InitialScale : 1;
    }

    /// <summary>How the scale begins and moves.</summary>
    public LossScaling Options { get; private set; }

    /// <summary>Whether it scales at all; if not, the scale is 1 and every step is made.</summary>
    public bool IsEnabled => Options.IsEnabled;

    /// <summary>What losses are multiplied by.</summary>
    public double CurrentScale { get; private set; }

    /// <summary>Steps in a row without overflow since the scale last moved.</summary>
    public int GrowthTracker { get; private set; }

    /// <summary>A loss times the scale.</summary>
    /// <param name="loss">The loss.</param>
    public double Scale(double loss) => loss * CurrentScale;

    /// <summary>A loss times the scale, to call Backward on; of 16 bits as <see cref="DType.Float32"/>, whose range holds it.</summary>
    /// <param name="loss">The loss.</param>
    public Tensor Scale(Tensor loss)
    {
        if (!Check.NotNull(loss, nameof(loss)).DType.IsHalf())
            return loss * CurrentScale;
        using var single = loss.To(DType.Float32);
        return single * CurrentScale;
    }

    /// <summary>Divides the gradients of an optimizer's tensors by the scale. At most once for each between two updates.</summary>
    /// <param name="optimizer">Changes the tensors; those without a gradient are left alone.</param>
    /// <returns>Whether all of them are finite.</returns>
    /// <exception cref="InvalidOperationException">They have been divided since the last update.</exception>
    public bool Unscale(TensorOptimizer optimizer)
    {
        Check.NotNull(optimizer, nameof(optimizer));
        return !IsEnabled || Look(optimizer, () => optimizer.All.Count(UnscaleGradient) == optimizer.All.Length);
    }

    /// <summary>
    /// Divides the gradients of an optimizer's tensors by the scale, unless <see cref="Unscale(TensorOptimizer)"/> has, and makes the optimizer's step where
    /// all are finite.
    /// </summary>
    /// <param name="optimizer">Changes the tensors.</param>
    /// <returns>Whether the step was made.</returns>
    /// <exception cref="InvalidOperationException">Step has been called for it since the last update.</exception>
    public bool Step(TensorOptimizer optimizer)
    {
        Check.NotNull(optimizer, nameof(optimizer));
        if (IsEnabled && !MayStep(optimizer, () => Unscale(optimizer)))
            return false;
        optimizer.Step();
        return true;
    }

    /// <summary>Divides gradients by the scale, to look at them or clip them before <see cref="Step(Trainer, Gradients, in StepOptions)"/>. At most once for each between two updates.</summary>
    /// <param name="gradients">Gradients of a scaled loss.</param>
    /// <returns>Whether all of them are finite.</returns>
    /// <exception cref="InvalidOperationException">They have been divided since the last update.</exception>
    public bool Unscale(Gradients gradients)
    {
        Check.NotNull(gradients, nameof(gradients));
        return !IsEnabled || Look(gradients, () => gradients.Unscale(CurrentScale));
    }

    /// <summary>
    /// Divides the gradients by the scale, unless <see cref="Unscale(Gradients)"/> has, and applies them where all are finite; else the model stays as it is, its
    /// optimizer's state and step count too.
    /// </summary>
    /// <param name="trainer">Trains the model that the gradients are of.</param>
    /// <param name="gradients">Gradients of a scaled loss.</param>
    /// <param name="options">Clipping.</param>
    /// <returns>Whether the step was made.</returns>
    /// <exception cref="InvalidOperationException">Step has been called for them since the last update.</exception>
    public bool Step(Trainer trainer, Gradients gradients, in StepOptions options = default)
    {
        Check.NotNull(trainer, nameof(trainer));
        Check.NotNull(gradients, nameof(gradients));
        if (IsEnabled && !MayStep(gradients, () => Unscale(gradients)))
            return false;
        trainer.ApplyGradients(gradients, options);
        return true;
    }

    /// <summary>Moves the scale by what was found since the last update: smaller after an overflow, larger after enough steps without one.</summary>
    /// <exception cref="InvalidOperationException">No gradients were looked at since the last update.</exception>
    public void Update()
    {
        if (!IsEnabled)
            return;
        if (_looked.Count == 0)
            throw new InvalidOperationException("No gradients were looked at since the last Update: call Step or Unscale before it.");
        if (_looked.Values.Any(one => !one.IsFinite))
            (CurrentScale, GrowthTracker) = (Math.Max(CurrentScale * Options.BackoffFactor, SmallestNormal), 0);
        else if (++GrowthTracker >= Options.GrowthInterval)
        {
            // Kept where it would leave the range of single precision.
            var grown = CurrentScale * Options.GrowthFactor;
            (CurrentScale, GrowthTracker) = (float.IsInfinity((float)grown) ? CurrentScale : grown, 0);
        }
        _looked.Clear();
    }

    /// <summary>Sets the scale; the count of steps without overflow stays.</summary>
    /// <param name="newScale">The scale, above 0.</param>
    public void Update(double newScale)
    {
        Check.Positive(newScale, nameof(newScale));
        if (IsEnabled)
            CurrentScale = newScale;
        _looked.Clear();
    }

    /// <summary>The scale, how it moves and how it came there.</summary>
    public GradScalerState Save() => new(CurrentScale, Options.GrowthFactor, Options.BackoffFactor, Options.GrowthInterval, GrowthTracker);

    /// <summary>Goes on from a state.</summary>
    /// <param name="state">From <see cref="Save"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number of the state is not possible.</exception>
    public void Load(GradScalerState state)
    {
        Check.NotNull(state, nameof(state));
        if (!IsEnabled)
            return;
        var tracker = Check.AtLeast(0, state.GrowthTracker);
        var scale = Check.Positive(state.Scale, nameof(state));
        Options = Options with { GrowthFactor = state.GrowthFactor, BackoffFactor = state.BackoffFactor, GrowthInterval = state.GrowthInterval };
        (CurrentScale, GrowthTracker) = (scale, tracker);
        _looked.Clear();
    }

    private bool UnscaleGradient(Tensor parameter)
    {
        using var mode = GradMode.NoGrad();
        using var off = Autocast.Disable();
        using var gradient = parameter.Grad;
        if (gradient is null)
            return true;
        using var plain = gradient * (1 / CurrentScale);
        parameter.Grad = plain;
        return Array.TrueForAll(plain.ToData().ToDoubles(), static x => !double.IsNaN(x) && !double.IsInfinity(x));
    }

    private bool Look(object gradients, Func<bool> unscale)
    {
        if (_looked.ContainsKey(gradients))
            throw new InvalidOperationException("Unscale or Step has been called for these gradients since the last Update.");
        var finite = unscale();
        _looked.Add(gradients, new(finite));
        return finite;
    }

    private bool MayStep(object gradients, Func<bool> unscale)
    {
        if (!_looked.ContainsKey(gradients))
            unscale();
        var found = _looked[gradients];
        if (found.IsStepped)
            throw new InvalidOperationException("Step has been called for these gradients since the last Update.");
        found.IsStepped = true;
        return found.IsFinite;
    }

    // The smallest normal number of single precision.
    private const double SmallestNormal = 1.17549435082228751e-38;

    private sealed class Found(bool isFinite)
    {
        public bool IsFinite { get; } = isFinite;

        public bool IsStepped { get; set; }
    }
}

/// <summary>State of a <see cref="GradScaler"/>.</summary>
/// <param name="Scale">What losses are multiplied by.</param>
/// <param name="GrowthFactor">See <see cref="LossScaling.GrowthFactor"/>.</param>
/// <param name="BackoffFactor">See <see cref="LossScaling.BackoffFactor"/>.</param>
/// <param name="GrowthInterval">See <see cref="LossScaling.GrowthInterval"/>.</param>
/// <param name="GrowthTracker">Steps in a row without overflow since the scale last moved.</param>
public sealed record GradScalerState(double Scale, double GrowthFactor, double BackoffFactor, int GrowthInterval, int GrowthTracker);
