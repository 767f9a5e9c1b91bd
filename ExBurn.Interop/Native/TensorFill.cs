namespace ExBurn.Native;

/// <summary>What the native core fills a new tensor with.</summary>
internal enum TensorFill
{
    Full = 0,
    Range = 1,
    Linspace = 2,
    Eye = 3,
    Uniform = 4,
    Normal = 5,
}
