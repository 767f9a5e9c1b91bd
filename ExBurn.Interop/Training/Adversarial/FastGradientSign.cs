namespace ExBurn;

/// <summary>
/// The fast gradient sign method, FGSM: x + epsilon · sign(∂loss/∂x), clamped to the bounds. Goodfellow, Shlens and Szegedy, "Explaining and
/// Harnessing Adversarial Examples", 2014. One pass. Elements without gradient stay.
/// </summary>
public sealed record FastGradientSign : AdversarialAttack
{
    /// <summary>How far every element moves.</summary>
    /// <param name="epsilon">In the inputs' units; finite, at least 0.</param>
    public FastGradientSign(double epsilon) : base(epsilon)
    {
    }

    private protected override void Run(double[]?[] origin, double[]?[] moved, Action<double> climb) => climb(Epsilon);
}
