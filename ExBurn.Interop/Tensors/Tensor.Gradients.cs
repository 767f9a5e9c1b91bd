using ExBurn.Native;

namespace ExBurn;

public sealed partial class Tensor
{
    /// <summary>Whether gradients flow to this tensor or through it: it asks for them, or is the result of a tracked operation.</summary>
    public bool RequiresGradient => BurnBridge.TensorFlags(Handle).Tracked;

    /// <summary>Whether the tensor is no result of a tracked operation.</summary>
    public bool IsLeaf => BurnBridge.TensorFlags(Handle).Leaf;

    /// <summary>Asks for gradients of a leaf, from the operations that follow on: <c>Tensor.RandomNormal([3, 2]).RequiresGrad()</c>.</summary>
    /// <param name="on">False: no more; a gradient that is there stays.</param>
    /// <returns>This tensor.</returns>
    /// <exception cref="DTypeException">The tensor does not hold floats.</exception>
    /// <exception cref="ArgumentException">The tensor is the result of a tracked operation, and <paramref name="on"/> is false.</exception>
    /// <exception cref="InvalidOperationException">The tensor was made in <see cref="GradMode.Inference"/>.</exception>
    public Tensor RequiresGrad(bool on = true)
    {
        if (on && _inference)
            throw new InvalidOperationException("RequiresGrad: a tensor that was made in GradMode.Inference() can never take part in a graph.");
        BurnBridge.RequireGradient(Handle, on);
        return this;
    }

    /// <summary>
    /// The gradient that backward passes have added up: a new tensor (to be disposed) each time, null before the first, and for results of
    /// operations. Setting it replaces the sum; null takes it away.
    /// </summary>
    /// <exception cref="ShapeMismatchException">A gradient of another shape is set.</exception>
    public Tensor? Grad
    {
        get => BurnBridge.TensorGradient(Handle) is { } gradient ? new(gradient, Device) : null;
        set => BurnBridge.SetTensorGradient(Handle, value?.Handle);
    }

    /// <summary>Takes the gradient away: <see cref="Grad"/> is null again.</summary>
    public void ZeroGrad() => BurnBridge.SetTensorGradient(Handle, null);

    /// <summary>The same elements outside every graph. The memory is shared until one of the two changes.</summary>
    public Tensor Detach() => new(BurnBridge.DetachTensor(Handle), Device);

    /// <summary>
    /// Adds the gradients of this tensor, which has one element, to <see cref="Grad"/> of every leaf it depends on. The graph is consumed: a second
    /// pass through it, also from another loss that shares a part of it, is an error before anything is computed or changed.
    /// </summary>
    /// <param name="retainGraph">Keeps the graph for further passes.</param>
    /// <exception cref="ShapeMismatchException">The tensor has more than one element.</exception>
    /// <exception cref="ArgumentException">It depends on nothing that requires a gradient, or the graph was consumed.</exception>
    public void Backward(bool retainGraph = false) => BurnBridge.Backward(Handle, null, retainGraph);

    /// <summary>As <see cref="Backward(bool)"/>, for a tensor of any shape: carries back the gradient of sum(this · gradient).</summary>
    /// <param name="gradient">Of this tensor's shape, type and device.</param>
    /// <param name="retainGraph">Keeps the graph for further passes.</param>
    public void Backward(Tensor gradient, bool retainGraph = false)
        => BurnBridge.Backward(Handle, Check.NotNull(gradient, nameof(gradient)).Handle, retainGraph);

    /// <summary>
    /// The gradients of a tensor of one element with respect to some tensors, which may be results of operations. No <see cref="Grad"/> changes.
    /// </summary>
    /// <param name="loss">The tensor.</param>
    /// <param name="of">Tensors that require gradients.</param>
    /// <returns>A tensor for each; null where <paramref name="loss"/> does not depend on it.</returns>
    /// <exception cref="ArgumentException">A tensor requires no gradient, or the graph was consumed.</exception>
    public static Tensor?[] Gradients(Tensor loss, params Tensor[] of) => Gradients(loss, null, of);

    /// <inheritdoc cref="Gradients(Tensor, Tensor[])"/>
    /// <summary>As <see cref="Gradients(Tensor, Tensor[])"/>, for a tensor of any shape.</summary>
    /// <param name="loss">The tensor.</param>
    /// <param name="gradient">Of its shape; null where it has one element.</param>
    /// <param name="of">Tensors that require gradients.</param>
    /// <param name="retainGraph">Keeps the graph for further passes.</param>
    public static Tensor?[] Gradients(Tensor loss, Tensor? gradient, IReadOnlyList<Tensor> of, bool retainGraph = false)
    {
        Check.NotNull(loss, nameof(loss));
        Tensor[] wanted = [.. Check.NotNull(of, nameof(of)).Select(tensor => Check.NotNull(tensor, nameof(of)))];
        var found = BurnBridge.TensorGradients(loss.Handle, gradient?.Handle, wanted, retainGraph);
        return [.. found.Select((handle, i) => handle is null ? null : new Tensor(handle, wanted[i].Device))];
    }
}
