namespace ExBurn;

/// <summary>How the losses of the elements become one number.</summary>
public enum Reduction
{
    /// <summary>Their mean (for weighted classes, the weighted mean).</summary>
    Mean,

    /// <summary>Their sum.</summary>
    Sum,
}

/// <summary>What training makes small. Made by the methods of this class, as <c>Loss.CrossEntropy()</c>; formulas and defaults are PyTorch's.</summary>
public abstract partial record Loss : Component
{
    private protected Loss()
    {
    }

    /// <summary>How the losses of the elements become one number. Default: their mean.</summary>
    public Reduction Reduction { get; init; }

    // The class is PyTorch's: the core's name and "Loss".
    internal sealed override string TypeName => GetType().Name.Substring(0, GetType().Name.Length - "Loss".Length);

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("reduction", Reduction == Reduction.Sum ? "sum" : "mean");
}
