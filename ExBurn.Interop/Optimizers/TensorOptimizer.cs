using ExBurn.Native;

namespace ExBurn;

/// <summary>
/// An optimizer of tensors: <c>using var optimizer = new Adam(1e-2).For(w, b);</c>. It uses the formulas and options of models; the state (momenta
/// and the like) is native. It holds the tensors' memory until it is disposed, and never disposes them. One call at a time.
/// </summary>
public sealed class TensorOptimizer : IDisposable
{
    private readonly List<Group> _groups = [];
    private double _rate;

    internal TensorOptimizer(Optimizer optimizer, Tensor[] parameters)
    {
        _rate = optimizer.LearningRate;
        Add(optimizer, parameters);
    }

    /// <summary>
    /// The learning rate of the next steps, at first that of the options. Setting it changes the rates of added tensors in proportion: own rate · rate
    /// / first optimizer's <see cref="Optimizer.LearningRate"/> (own rate where that is 0).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative or not finite.</exception>
    public double LearningRate
    {
        get => _rate;
        set => _rate = Check.NonNegative(value);
    }

    /// <summary>Further tensors, with options of their own; the optimizer may be of another type.</summary>
    /// <returns>This optimizer.</returns>
    /// <inheritdoc cref="Optimizer.For(Tensor[])"/>
    public TensorOptimizer Add(Optimizer optimizer, params Tensor[] parameters)
    {
        Check.NotNull(optimizer, nameof(optimizer));
        Tensor[] all = [.. Check.NotNull(parameters, nameof(parameters)).Select(tensor => Check.NotNull(tensor, nameof(parameters)))];
        if (optimizer.Groups.Count > 0)
            throw new ArgumentException("Groups name a model's parameters; add tensors with options of their own by Add.", nameof(optimizer));
        if (_groups.Any(group => group.Parameters.Intersect(all).Any()))
            throw new ArgumentException("A tensor is in the optimizer already.", nameof(parameters));
        _groups.Add(new(BurnBridge.NewTensorOptimizer(optimizer.ToJson(), all), optimizer.LearningRate, all));
        return this;
    }

    /// <summary>Changes every tensor that has a gradient. The others are left as they are, state and step count included.</summary>
    /// <exception cref="ObjectDisposedException">The optimizer is disposed.</exception>
    public void Step()
    {
        var first = _groups[0].OwnRate;
        foreach (var group in _groups)
            BurnBridge.StepTensorOptimizer(group.Handle, group.OwnRate == first ? _rate : first == 0 ? group.OwnRate : group.OwnRate * (_rate / first));
    }

    /// <summary>Takes the gradients of all its tensors away.</summary>
    public void ZeroGrad()
    {
        foreach (var group in _groups)
            BurnBridge.ZeroTensorGradients(group.Handle);
    }

    /// <summary>
    /// Scales the gradients of all its tensors (of one device) so that their common 2-norm is at most <paramref name="max"/>: by
    /// max / (norm + 1e-6) where that is below 1.
    /// </summary>
    /// <param name="max">Largest norm, above 0.</param>
    /// <returns>The norm before; 0 where there are no gradients.</returns>
    public double ClipNorm(double max) => BurnBridge.ClipTensorGradients(All, Check.Positive(max, nameof(max)), 0);

    /// <summary>Limits every element of the gradients of all its tensors (of one device) to [−limit, limit].</summary>
    /// <param name="limit">Above 0.</param>
    public void ClipValue(double limit) => BurnBridge.ClipTensorGradients(All, 0, Check.Positive(limit, nameof(limit)));

    /// <summary>All its tensors.</summary>
    internal Tensor[] All => [.. _groups.SelectMany(group => group.Parameters)];

    /// <summary>Frees the state. The tensors stay.</summary>
    public void Dispose()
    {
        foreach (var group in _groups)
            group.Handle.Dispose();
    }

    private sealed record Group(TensorOptimizerHandle Handle, double OwnRate, Tensor[] Parameters);
}
