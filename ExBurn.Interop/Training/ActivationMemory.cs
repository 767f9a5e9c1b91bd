namespace ExBurn;

/// <summary>Estimates for gradient checkpointing (<see cref="FitOptions.GradientCheckpointSegments"/>), of AxonML's formulas. Layers count as equally large.</summary>
public static class ActivationMemory
{
    /// <summary>Memory of the values that a training step holds for its backward pass.</summary>
    /// <param name="layers">Layers of the model, at least 1.</param>
    /// <param name="segments">Segments of gradient checkpointing, at least 1; more than layers count as one each.</param>
    /// <param name="perLayer">Memory of one layer's values, in any unit (megabytes, say), at least 0.</param>
    /// <returns>
    /// <c>Whole</c> = layers · perLayer without checkpointing; <c>Segmented</c> = ⌈layers / segments⌉ · perLayer, the values within one segment, with it.
    /// The values at the cuts come on top: one layer's output for each of the segments but the last.
    /// </returns>
    public static (double Whole, double Segmented) Estimate(int layers, int segments, double perLayer)
    {
        Check.Positive(layers, nameof(layers));
        var count = Math.Min(Check.Positive(segments, nameof(segments)), layers);
        Check.NonNegative(perLayer, nameof(perLayer));
        return (layers * perLayer, (layers + count - 1) / count * perLayer);
    }

    /// <summary>How many segments let the values within one fit into memory.</summary>
    /// <param name="layers">Layers of the model, at least 1.</param>
    /// <param name="perLayer">Memory of one layer's values, in any unit, at least 0.</param>
    /// <param name="available">Memory there is for them, in the same unit, above 0.</param>
    /// <returns>0 where all values fit: no checkpointing is needed; else ⌈layers · perLayer / available⌉, at most the number of layers.</returns>
    public static int SuggestSegments(int layers, double perLayer, double available)
    {
        Check.Positive(layers, nameof(layers));
        var whole = layers * Check.NonNegative(perLayer, nameof(perLayer));
        var share = Math.Ceiling(whole / Check.Positive(available, nameof(available)));
        return share <= 1 ? 0 : (int)Math.Min(share, layers);
    }
}
