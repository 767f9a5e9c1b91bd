using System.Text.Json;
using ExBurn.Native;

namespace ExBurn;

/// <summary>
/// Gradients of a batch's loss by parameter, made by <see cref="Trainer.ComputeGradients(TensorView, TensorView, in GradientOptions)"/> and used by
/// <see cref="Trainer.ApplyGradients"/>. They lie in native memory on the model's device and cross to .NET only where they are read. Names are those
/// of the parameters (<c>0.weight</c>); patterns are a name, a layer or a text with <c>*</c> and <c>?</c>. One thread at a time. Dispose them.
/// </summary>
public sealed class Gradients : IDisposable
{
    private readonly GradientsHandle _handle;
    private readonly IReadOnlyList<string> _inputs;

    internal Gradients(GradientsHandle handle, IReadOnlyList<string> inputs, StepResult result)
    {
        _handle = handle;
        _inputs = inputs;
        Result = result;
    }

    /// <summary>Loss and metrics of the batch, before any step.</summary>
    public StepResult Result { get; }

    /// <summary>Loss of the batch.</summary>
    public double Loss => Result.Loss;

    /// <summary>
    /// Names of the parameters that have a gradient, in the model's order. A frozen parameter has none, nor has one that the loss does not depend
    /// on: the optimizer leaves those wholly alone.
    /// </summary>
    public IReadOnlyList<string> Names
    {
        get
        {
            using var document = JsonDocument.Parse(BurnBridge.ListGradients(Handle));
            var present = document.RootElement.EnumerateArray().Where(entry => entry.GetProperty("present").GetBoolean());
            return [.. present.Select(entry => entry.Text("name"))];
        }
    }

    /// <summary>A copy of a parameter's gradient, in the parameter's shape.</summary>
    /// <param name="name">Name of the parameter.</param>
    /// <exception cref="NameNotFoundException">The model has no such parameter.</exception>
    /// <exception cref="KeyNotFoundException">The parameter has no gradient: see <see cref="Names"/>.</exception>
    public TensorData this[string name] => TryGet(name, out var gradient)
        ? gradient!
        : throw new KeyNotFoundException($"The parameter '{name}' has no gradient: it is frozen, removed, or the loss does not depend on it.");

    /// <summary>A copy of a parameter's gradient, where it has one.</summary>
    /// <param name="name">Name of the parameter.</param>
    /// <param name="gradient">The gradient; null where there is none.</param>
    /// <exception cref="NameNotFoundException">The model has no such parameter.</exception>
    public bool TryGet(string name, out TensorData? gradient)
    {
        using var outputs = BurnBridge.GetGradient(Handle, Check.NotNull(name, nameof(name)));
        gradient = outputs.Count == 0 ? null : TensorData.FromNative(outputs, 0);
        return gradient is not null;
    }

    /// <summary>Copies of all gradients by parameter.</summary>
    public IReadOnlyDictionary<string, TensorData> ToDictionary()
        => Names.ToDictionary(static name => name, name => this[name], StringComparer.Ordinal);

    /// <summary>
    /// A copy of the gradient of the loss with respect to an input of the batch, in the input's shape and the model's type, where
    /// <see cref="GradientOptions.IncludeInputs"/> or <see cref="GradientOptions.InputsOnly"/> asked for it. Scaling, clipping, norms and sums of
    /// gradients are about parameters and leave it as it is; a <see cref="GradScaler"/> takes its scale out of it too.
    /// </summary>
    /// <param name="index">Number of the input. Default the first.</param>
    /// <exception cref="ArgumentOutOfRangeException">The model has no such input.</exception>
    /// <exception cref="ArgumentException">The gradients of inputs were not asked for, or the input takes integers.</exception>
    /// <exception cref="KeyNotFoundException">The loss does not depend on the input.</exception>
    public TensorData OfInput(int index = 0)
    {
        if (index < 0 || index >= _inputs.Count)
            throw new ArgumentOutOfRangeException(nameof(index), index, $"The model has {_inputs.Count} input(s).");
        using var outputs = BurnBridge.GetInputGradient(Handle, index);
        return outputs.Count > 0
            ? TensorData.FromNative(outputs, 0)
            : throw new KeyNotFoundException($"The input '{_inputs[index]}' has no gradient: the loss does not depend on it.");
    }

    /// <summary>As <see cref="OfInput(int)"/>, by the input's name.</summary>
    /// <param name="name">One of the model's <see cref="Inference.InputNames"/>.</param>
    /// <exception cref="KeyNotFoundException">The model has no such input, or the loss does not depend on it.</exception>
    public TensorData OfInput(string name)
    {
        Check.NotNull(name, nameof(name));
        for (var i = 0; i < _inputs.Count; i++)
            if (_inputs[i] == name)
                return OfInput(i);
        throw new KeyNotFoundException($"The model has no input '{name}'; there are: {string.Join(", ", _inputs)}.");
    }

    /// <summary>Puts another gradient in a parameter's place, or gives one to a parameter that has none.</summary>
    /// <param name="name">Name of the parameter.</param>
    /// <param name="values">Floating-point values of the parameter's shape; copied.</param>
    /// <exception cref="NameNotFoundException">The model has no such parameter.</exception>
    /// <exception cref="ShapeMismatchException">The parameter has another shape.</exception>
    /// <exception cref="ArgumentException">The parameter is frozen.</exception>
    public void Set(string name, TensorView values)
        => BurnBridge.SetGradient(Handle, Check.NotNull(name, nameof(name)), values.ToInput());

    /// <summary>Multiplies gradients by a number.</summary>
    /// <param name="factor">The factor, finite.</param>
    /// <param name="pattern">Which parameters. Default all.</param>
    /// <returns>How many gradients were multiplied.</returns>
    /// <exception cref="NameNotFoundException">The pattern matches no parameter.</exception>
    public int Scale(double factor, string pattern = "*")
        => checked((int)BurnBridge.ScaleGradients(Handle, Check.NotNull(pattern, nameof(pattern)), Check.Finite(factor, nameof(factor))));

    /// <summary>Takes gradients away, so that the optimizer leaves their parameters alone.</summary>
    /// <param name="pattern">Which parameters.</param>
    /// <returns>How many gradients were taken away.</returns>
    /// <exception cref="NameNotFoundException">The pattern matches no parameter.</exception>
    public int Remove(string pattern) => checked((int)BurnBridge.RemoveGradients(Handle, Check.NotNull(pattern, nameof(pattern))));

    /// <summary>Adds other gradients times a weight; a parameter without a gradient here takes the other's. For accumulation over batches.</summary>
    /// <param name="other">Gradients of the same model or of a clone of it.</param>
    /// <param name="weight">Their weight, finite. Default 1.</param>
    /// <exception cref="ArgumentException">They belong to another model, or are these themselves.</exception>
    public void Add(Gradients other, double weight = 1)
    {
        if (ReferenceEquals(Check.NotNull(other, nameof(other)), this))
            throw new ArgumentException("Gradients cannot be added to themselves; use Scale.", nameof(other));
        BurnBridge.AddGradients(Handle, other.Handle, Check.Finite(weight, nameof(weight)));
    }

    /// <summary>The 2-norm of gradients taken together; 0 where there are none.</summary>
    /// <param name="pattern">Which parameters. Default all.</param>
    /// <exception cref="NameNotFoundException">The pattern matches no parameter.</exception>
    public double Norm(string pattern = "*") => BurnBridge.GradientNorm(Handle, Check.NotNull(pattern, nameof(pattern)));

    /// <summary>Scales all gradients by max / (norm + 1e-6) where that is below 1, as torch.nn.utils.clip_grad_norm_ does.</summary>
    /// <param name="maxNorm">Largest norm of all together, above 0.</param>
    /// <returns>The norm before.</returns>
    public double ClipNorm(double maxNorm) => BurnBridge.ClipGradients(Handle, Check.Positive(maxNorm, nameof(maxNorm)), 0);

    /// <summary>Limits every element to [-limit, limit], as torch.nn.utils.clip_grad_value_ does.</summary>
    /// <param name="limit">Largest size of an element, above 0.</param>
    public void ClipValue(double limit) => BurnBridge.ClipGradients(Handle, 0, Check.Positive(limit, nameof(limit)));

    /// <summary>Divides all gradients by what the loss was multiplied by.</summary>
    /// <param name="scale">The scale, above 0.</param>
    /// <returns>Whether all elements are finite.</returns>
    internal bool Unscale(double scale) => BurnBridge.UnscaleGradients(Handle, scale);

    /// <summary>Frees the native memory. May be called twice.</summary>
    public void Dispose() => _handle.Dispose();

    /// <summary>The native gradients.</summary>
    /// <exception cref="ObjectDisposedException">They are disposed.</exception>
    internal GradientsHandle Handle => _handle.IsClosed ? throw new ObjectDisposedException(nameof(Gradients)) : _handle;
}

/// <summary>How <see cref="Trainer.ComputeGradients(TensorView, TensorView, in GradientOptions)"/> works.</summary>
public readonly record struct GradientOptions
{
    /// <summary>Gives gradients even when the loss is not finite, instead of throwing. Default false.</summary>
    public bool AllowNaN { get; init; }

    /// <summary>Gradient checkpointing, as <see cref="FitOptions.GradientCheckpointSegments"/>. Default none.</summary>
    public int? GradientCheckpointSegments { get; init => field = value is { } count ? Check.Positive(count) : null; }

    /// <summary>
    /// Lets the pass move the model's running statistics (batch norm) at once, as a forward pass of PyTorch in training mode does. Default false:
    /// they move when the gradients are applied, and stay where they are if that never happens.
    /// </summary>
    public bool UpdateBuffers { get; init; }

    /// <summary>Gives the gradients of the floating-point inputs besides, to be read by <see cref="Gradients.OfInput(int)"/>. Default false.</summary>
    public bool IncludeInputs { get; init; }

    /// <summary>
    /// Gives the gradients of the floating-point inputs and none of parameters, in evaluation mode: dropout rests, batch norm takes its running
    /// statistics, the model's next training step is what it would have been. For attacks and saliency maps; frozen models too. Default false.
    /// </summary>
    public bool InputsOnly { get; init; }

    /// <summary>In which floating-point type layers compute. Default <see cref="Precision.Float32"/>.</summary>
    public Precision Precision { get; init => field = Precisions.Checked(value); }

    /// <summary>
    /// Multiplies the loss by the scale of this scaler before its gradients are computed; <see cref="Gradients.Loss"/> stays that of the batch. The
    /// scaler's <see cref="GradScaler.Step(Trainer, Gradients, in StepOptions)"/> takes it out again. Default none.
    /// </summary>
    public GradScaler? Scaler { get; init; }
}
