using System.Runtime.CompilerServices;

namespace ExBurn;

/// <summary>One row of data: arrays without a batch dimension. Immutable.</summary>
public sealed class Sample
{
    /// <summary>A sample with one input and one target, which are copied.</summary>
    /// <param name="input">The input, as <c>new TensorView(pixels, [1, 28, 28])</c> or a <c>float[]</c>.</param>
    /// <param name="target">The target.</param>
    [OverloadResolutionPriority(1)]
    public Sample(TensorView input, TensorView target)
        : this([input.ToData()], [target.ToData()])
    {
    }

    /// <summary>A sample with one input, which is copied, and a class.</summary>
    /// <param name="input">The input.</param>
    /// <param name="target">Index of the class; a scalar, so that a batch of them is [rows].</param>
    public Sample(TensorView input, long target)
        : this([input.ToData()], [new TensorData(new TensorView((long[])[target], []))])
    {
    }

    /// <summary>A sample with any number of inputs and targets.</summary>
    /// <param name="inputs">One array per input of the model; at least one.</param>
    /// <param name="targets">One array per target of the loss.</param>
    /// <exception cref="ArgumentException">There is no input.</exception>
    public Sample(IReadOnlyList<TensorData> inputs, IReadOnlyList<TensorData> targets)
    {
        if (Check.NotNull(inputs, nameof(inputs)).Count == 0)
            throw new ArgumentException("A sample needs at least one input.", nameof(inputs));
        (Inputs, Targets) = (inputs, Check.NotNull(targets, nameof(targets)));
    }

    /// <summary>The inputs.</summary>
    public IReadOnlyList<TensorData> Inputs { get; }

    /// <summary>The targets.</summary>
    public IReadOnlyList<TensorData> Targets { get; }

    /// <summary>By how much the sample's loss counts, finite and at least 0; null where samples have no weights. All samples of a source have one, or none.</summary>
    public float? Weight
    {
        get;
        init => field = value is null ? null : (float)Check.NonNegative(value.Value);
    }
}
