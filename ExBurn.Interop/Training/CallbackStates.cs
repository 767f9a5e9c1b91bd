namespace ExBurn;

/// <summary>What the callbacks of a run remember, to and from checkpoints. A callback is found by its type and its place among those of its type.</summary>
internal static class CallbackStates
{
    public static IReadOnlyList<RunProgress.SavedCallback> Save(IReadOnlyList<Callback> callbacks)
    {
        var saved = new List<RunProgress.SavedCallback>();
        foreach (var (kind, callback) in Named(callbacks))
            if (callback.SaveState() is { } state)
                saved.Add(new(kind, state));
        return saved;
    }

    /// <summary>Callbacks of which the checkpoint knows nothing begin anew; states without a callback are left out.</summary>
    public static void Restore(IReadOnlyList<Callback> callbacks, IReadOnlyList<RunProgress.SavedCallback> saved, TrainingContext context)
    {
        foreach (var (kind, callback) in Named(callbacks))
            if (saved.FirstOrDefault(one => one.Kind == kind) is { } found)
                callback.LoadState(context, found.State);
    }

    private static IEnumerable<(string Kind, Callback Callback)> Named(IReadOnlyList<Callback> callbacks)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var callback in callbacks)
        {
            var type = callback.GetType().ToString();
            counts.TryGetValue(type, out var count);
            counts[type] = count + 1;
            yield return ($"{type}#{count}", callback);
        }
    }
}
