namespace ExBurn;

/// <summary>Patterns of names as the native core reads them: <c>*</c> stands for any text, <c>?</c> for one character.</summary>
internal static class NamePattern
{
    /// <summary>Whether a layer's name, or the name of a layer it is part of, matches: <c>fc1</c>, <c>encoder</c>, <c>*.query</c>.</summary>
    public static bool MatchesLayer(string pattern, string name)
    {
        if (Matches(pattern, name))
            return true;
        for (var dot = name.IndexOf('.'); dot >= 0; dot = name.IndexOf('.', dot + 1))
            if (Matches(pattern, name.Substring(0, dot)))
                return true;
        return false;
    }

    private static bool Matches(string pattern, string text)
    {
        var (p, t) = (0, 0);
        // Where to go on when a guess for the last star fails: after the star, one character later in the text.
        var (after, start) = (-1, 0);
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
                (after, start) = (++p, t);
            else if (p < pattern.Length && (pattern[p] == '?' || pattern[p] == text[t]))
                (p, t) = (p + 1, t + 1);
            else if (after >= 0)
                (p, t) = (after, ++start);
            else
                return false;
        }
        return pattern.AsSpan(p).Trim('*').IsEmpty;
    }
}
