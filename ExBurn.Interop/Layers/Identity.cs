namespace ExBurn;

/// <summary>Passes its input on, whatever it is. No state.</summary>
public sealed record Identity : Layer;
