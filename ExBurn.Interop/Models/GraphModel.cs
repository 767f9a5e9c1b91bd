namespace ExBurn;

/// <summary>A model made by <see cref="Graph.Build"/>: any number of inputs and outputs.</summary>
public sealed class GraphModel : Model
{
    private readonly ModelDescription _description;

    internal GraphModel(ModelDescription description, IReadOnlyList<string> outputs)
    {
        _description = description;
        OutputNames = outputs;
        InputNames = [.. description.Inputs.Select(input => input.Name)];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> InputNames { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<string> OutputNames { get; }

    private protected override Shape? DescribedSampleShape => _description.Inputs[0].Shape?.WithoutFirst();

    private protected override Model NewLike() => new GraphModel(_description, OutputNames);

    private protected override ModelDescription Describe(Shape? inputShape)
    {
        if (inputShape is not { } shape)
            return _description;
        if (_description.Inputs.Count > 1)
            throw new InvalidOperationException("inputShape is for models with one input; give the shapes to Graph.Input.");
        return _description with { Inputs = [_description.Inputs[0] with { Shape = shape.Prepend(-1) }] };
    }
}
