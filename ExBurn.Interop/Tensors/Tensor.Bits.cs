namespace ExBurn;

// Integers bit by bit, with broadcasting.
public sealed partial class Tensor
{
    /// <summary>Bits that both integers have.</summary>
    /// <param name="other">The other integers.</param>
    /// <exception cref="DTypeException">A tensor does not hold integers.</exception>
    public Tensor BitwiseAnd(Tensor other) => Run("BitwiseAnd", null, this, other);

    /// <summary>Bits that one integer has, or both.</summary>
    /// <inheritdoc cref="BitwiseAnd" path="/param|/exception"/>
    public Tensor BitwiseOr(Tensor other) => Run("BitwiseOr", null, this, other);

    /// <summary>Bits that exactly one integer has.</summary>
    /// <inheritdoc cref="BitwiseAnd" path="/param|/exception"/>
    public Tensor BitwiseXor(Tensor other) => Run("BitwiseXor", null, this, other);

    /// <summary>Every bit turned round: -1 - x.</summary>
    public Tensor BitwiseNot() => Run("BitwiseNot", null, this);

    /// <summary>Bits moved to higher places.</summary>
    /// <param name="places">By how many, 0 to 31; on the CPU others are an error.</param>
    public Tensor LeftShift(Tensor places) => Run("LeftShift", null, this, places);

    /// <summary>Bits moved to lower places; the sign stays.</summary>
    /// <inheritdoc cref="LeftShift" path="/param"/>
    public Tensor RightShift(Tensor places) => Run("RightShift", null, this, places);
}
