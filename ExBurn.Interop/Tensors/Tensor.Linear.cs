namespace ExBurn;

// Linear algebra. All of it is on floats.
public sealed partial class Tensor
{
    /// <summary>
    /// Sums of products over named dimensions: <c>Tensor.Einsum("bij,bjk->bik", x, y)</c>. One term of letters for each tensor; what stands
    /// after the arrow stays, everything else is summed. Without an arrow the letters that occur once stay, in alphabetical order. <c>...</c> stands
    /// for any dimensions, which broadcast; a letter twice in a term takes the diagonal.
    /// </summary>
    /// <param name="equation">The equation.</param>
    /// <param name="tensors">As many tensors as it has terms.</param>
    /// <exception cref="ArgumentException">The equation is wrong, or the number of tensors.</exception>
    /// <exception cref="ShapeMismatchException">A letter has two sizes.</exception>
    public static Tensor Einsum(string equation, params Tensor[] tensors)
    {
        Check.NotNull(equation, nameof(equation));
        if (Check.NotNull(tensors, nameof(tensors)).Length == 0)
            throw new ArgumentException("At least one tensor is needed.", nameof(tensors));
        Check.NotNull(tensors[0], nameof(tensors));
        return Run("Einsum", config => config.Add("equation", equation).Add("inputs", tensors.Length), tensors);
    }

    /// <summary>Sum of the products of two vectors [n]: a scalar.</summary>
    /// <param name="other">The other vector.</param>
    public Tensor Dot(Tensor other)
        => Rank == 1 && Check.NotNull(other, nameof(other)).Rank == 1 ? MatMul(other) : throw new ArgumentException($"Two vectors are needed, found {Shape} and {other.Shape}.", nameof(other));

    /// <summary>All products of two vectors, [n] and [m] to [n, m].</summary>
    /// <param name="other">The other vector.</param>
    public Tensor Outer(Tensor other) => Run("Outer", null, this, other);

    /// <summary>Inverses of square matrices [.., n, n]. The host computes them, in double precision.</summary>
    /// <exception cref="ArgumentException">A matrix has no inverse.</exception>
    public Tensor Inverse() => Run("Inverse", null, this);

    /// <summary>Determinants of square matrices [.., n, n]: [..]. The host computes them, in double precision.</summary>
    public Tensor Det() => Run("Det", null, this);

    /// <summary>Distances of every row of [.., n, d] from every row of [.., m, d]: [.., n, m]. Where one is 0, so is its gradient.</summary>
    /// <param name="other">The other rows.</param>
    /// <param name="p">The norm: 2 for Euclidean distances, 1 for sums, infinity for the largest difference.</param>
    public Tensor CDist(Tensor other, double p = 2) => Run("CDist", config => config.AddExtended("p", p), this, other);

    /// <summary>The diagonal of a matrix, or the matrix with this vector as its diagonal and zeros elsewhere.</summary>
    /// <param name="diagonal">Which diagonal, counted to the right; negative ones lie below.</param>
    public Tensor Diag(int diagonal = 0) => Run("Diag", config => config.Add("diagonal", diagonal), this);

    /// <summary>Diagonals of matrices [.., n, m]: [.., k].</summary>
    /// <param name="offset">Which diagonal, counted to the right; negative ones lie below.</param>
    public Tensor Diagonal(int offset = 0) => Run("Diagonal", config => config.Add("offset", offset), this);

    /// <summary>Sums of the diagonals of matrices [.., n, m]: [..].</summary>
    public Tensor Trace() => Run("Trace", null, this);

    /// <summary>Matrices [.., n, m] with zeros above a diagonal.</summary>
    /// <param name="diagonal">Which diagonal, counted to the right; negative ones lie below.</param>
    public Tensor Tril(int diagonal = 0) => Run("Tril", config => config.Add("diagonal", diagonal), this);

    /// <summary>Matrices [.., n, m] with zeros below a diagonal.</summary>
    /// <param name="diagonal">Which diagonal, counted to the right; negative ones lie below.</param>
    public Tensor Triu(int diagonal = 0) => Run("Triu", config => config.Add("diagonal", diagonal), this);
}
