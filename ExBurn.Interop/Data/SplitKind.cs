namespace ExBurn;

/// <summary>How rows are dealt out to the parts of a split.</summary>
public enum SplitKind
{
    /// <summary>As they lie: the first part takes the first rows. Nothing is copied.</summary>
    InOrder = 0,

    /// <summary>In a random order that follows from the seed.</summary>
    Random = 1,

    /// <summary>Random, with the classes of the integer target in the same shares in every part, as near as whole rows allow.</summary>
    Stratified = 2,
}
