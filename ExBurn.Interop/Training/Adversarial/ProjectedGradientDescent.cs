namespace ExBurn;

/// <summary>
/// Projected gradient descent on the negative loss, PGD, in the maximum norm: from x, or at random within epsilon of it, so many times
/// x' ← clamp(x' + stepSize · sign(∂loss/∂x'), x - epsilon, x + epsilon), each clamped to the bounds. Madry, Makelov, Schmidt, Tsipras and Vladu,
/// "Towards Deep Learning Models Resistant to Adversarial Attacks", 2017. One pass per step.
/// </summary>
public sealed record ProjectedGradientDescent : AdversarialAttack
{
    /// <summary>How far, and in which steps.</summary>
    /// <param name="epsilon">How far an element may move, in the inputs' units; finite, at least 0.</param>
    /// <param name="stepSize">How far it moves at a step; finite, above 0.</param>
    /// <param name="steps">Number of steps, at least 1.</param>
    public ProjectedGradientDescent(double epsilon, double stepSize, int steps) : base(epsilon)
    {
        StepSize = Check.Positive(stepSize, nameof(stepSize));
        Steps = Check.Positive(steps, nameof(steps));
    }

    /// <summary>How far an element moves at a step.</summary>
    public double StepSize { get; init => field = Check.Positive(value); }

    /// <summary>Number of steps.</summary>
    public int Steps { get; init => field = Check.Positive(value); }

    /// <summary>Starts at a place drawn uniformly from within epsilon of the batch. Default false: at the batch.</summary>
    public bool RandomStart { get; init; }

    /// <summary>Fixes the places drawn, the same at every call. Default 0; in training give each batch its own.</summary>
    public int Seed { get; init; }

    private protected override void Run(double[]?[] origin, double[]?[] moved, Action<double> climb)
    {
        if (RandomStart)
            Scatter(origin, moved);
        for (var step = 0; step < Steps; step++)
            climb(StepSize);
    }

    private void Scatter(double[]?[] origin, double[]?[] moved)
    {
        var random = new Random(Seed);
        for (var input = 0; input < moved.Length; input++)
        {
            if (moved[input] is not { } values)
                continue;
            for (var i = 0; i < values.Length; i++)
                values[i] += Epsilon * ((2 * random.NextDouble()) - 1);
            Project(origin[input]!, values);
        }
    }
}
