namespace ExBurn;

/// <summary>What a <see cref="Callback"/> must remember across a restart; part of a checkpoint.</summary>
public sealed record CallbackState
{
    /// <summary>A state.</summary>
    /// <param name="text">Small things, in a form of the callback's own (JSON, say).</param>
    /// <param name="data">Large things, weights for instance. Default none.</param>
    public CallbackState(string text = "", ReadOnlyMemory<byte> data = default) => (Text, Data) = (Check.NotNull(text, nameof(text)), data);

    /// <summary>Small things, in a form of the callback's own.</summary>
    public string Text { get; }

    /// <summary>Large things; empty where there are none.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>Numbers as text that keeps every bit.</summary>
    internal static CallbackState Of(params double[] numbers) => new(string.Join(" ", numbers.Select(JsonText.Exact)));

    /// <summary>The numbers of <see cref="Of"/>.</summary>
    /// <exception cref="CheckpointException">There are others, or another count.</exception>
    internal double[] Numbers(int count, Callback callback)
    {
        var parts = Text.Split([' '], StringSplitOptions.RemoveEmptyEntries);
        var numbers = new double[parts.Length];
        for (var i = 0; i < parts.Length; i++)
            if (!JsonText.TryExact(parts[i], out numbers[i]))
                throw Foreign(callback);
        return numbers.Length == count ? numbers : throw Foreign(callback);
    }

    private static CheckpointException Foreign(Callback callback) => new($"The checkpoint's state of {callback.GetType().Name} is not one of this version.");
}
