namespace ExBurn;

public abstract partial record Layer
{
    /// <summary>
    /// The layer as a function, in evaluation mode: <c>new Conv2d(3, 8, 3).Apply(x, weight, bias)</c>. Parameters are tensors of the caller's, in the
    /// order and of the shapes that the layer's documentation gives for its state.
    /// </summary>
    /// <param name="input">Its input.</param>
    /// <param name="state">Its parameters, then its buffers; none for layers without state.</param>
    /// <returns>Its first output.</returns>
    /// <exception cref="ShapeMismatchException">A shape does not fit.</exception>
    /// <exception cref="ArgumentException">It takes another number of tensors.</exception>
    public Tensor Apply(Tensor input, params Tensor[] state) => First(Apply([input], state));

    /// <summary>
    /// As <see cref="Apply(Tensor, Tensor[])"/>, in training mode where <paramref name="training"/> is true: dropout drops (with numbers that
    /// <see cref="Tensor.Seed"/> decides), batch norm uses the statistics of the batch and gives the buffers their new values.
    /// </summary>
    public Tensor Apply(Tensor input, bool training, params Tensor[] state) => First(Apply([input], state, training));

    /// <summary>The layer as a function of several inputs with all its outputs, as recurrent layers have them.</summary>
    /// <param name="inputs">Its inputs.</param>
    /// <param name="state">Its parameters, then its buffers.</param>
    /// <param name="training">Whether this is a training pass. Default false.</param>
    public Tensor[] Apply(IReadOnlyList<Tensor> inputs, IReadOnlyList<Tensor> state, bool training = false)
    {
        Tensor[] all = [.. Check.NotNull(inputs, nameof(inputs)), .. Check.NotNull(state, nameof(state))];
        if (all.Length == 0)
            throw new ArgumentException($"{TypeName}: at least one tensor is needed.", nameof(inputs));
        return Tensor.RunMany(TypeName, JsonText.Object(json => WriteConfig(new ConfigWriter(json))), all, training);
    }

    private static Tensor First(Tensor[] outputs)
    {
        for (var i = 1; i < outputs.Length; i++)
            outputs[i].Dispose();
        return outputs[0];
    }
}
