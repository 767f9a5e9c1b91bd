namespace ExBurn;

/// <summary>An operation of the core without state, as a layer; see the methods of <see cref="Node"/>.</summary>
internal sealed record Operation(string Type, Action<ConfigWriter>? Write = null) : Layer
{
    internal override string TypeName => Type;

    internal override void WriteConfig(ConfigWriter config) => Write?.Invoke(config);
}
