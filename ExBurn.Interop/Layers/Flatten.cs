namespace ExBurn;

/// <summary>Joins a range of dimensions into one; by default all but the batch: [N, C, H, W] to [N, C·H·W]. No state.</summary>
/// <param name="StartDim">First dimension to join; negative counts from the last.</param>
/// <param name="EndDim">Last dimension to join; negative counts from the last.</param>
public sealed record Flatten(int StartDim = 1, int EndDim = -1) : Layer
{
    internal override void WriteConfig(ConfigWriter config) => config
        .Add("start_dim", StartDim)
        .Add("end_dim", EndDim);
}

/// <summary>Splits a dimension into several: [N, 12] to [N, 3, 4] for <c>new Unflatten(1, [3, 4])</c>. No state.</summary>
/// <param name="Dim">Dimension to split; negative counts from the last.</param>
/// <param name="UnflattenedSize">The sizes that take its place; one may be -1 and is then inferred.</param>
public sealed record Unflatten(int Dim, Shape UnflattenedSize) : Layer
{
    /// <summary>The sizes that take its place; one may be -1 and is then inferred.</summary>
    public Shape UnflattenedSize { get; init => field = Check.NotEmpty(value); } = Check.NotEmpty(UnflattenedSize);

    internal override void WriteConfig(ConfigWriter config) => config
        .Add("dim", Dim)
        .Add("unflattened_size", UnflattenedSize);
}
