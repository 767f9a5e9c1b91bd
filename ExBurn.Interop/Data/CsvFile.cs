using System.Text;

namespace ExBurn;

/// <summary>
/// Reads tables in the form of RFC 4180 into datasets: quotes, line breaks in fields, any separator; numbers in the invariant culture
/// (<c>1.5</c>, <c>-2e3</c>). UTF-8, with or without a byte order mark.
/// </summary>
public static class CsvFile
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">Columns and their meaning; null for the defaults.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="DataFormatException">The file is not well formed; the message names line and column.</exception>
    /// <exception cref="ArgumentException">A column that the options name is not in the file, or the options contradict each other.</exception>
    public static CsvDataset Load(string path, CsvOptions? options = null)
    {
        using var text = new StreamReader(Check.NotNull(path, nameof(path)), Encoding.UTF8);
        return Read(text, options ?? new(), path);
    }

    /// <summary>Reads a text.</summary>
    /// <param name="text">The text; not disposed.</param>
    /// <param name="options">Columns and their meaning; null for the defaults.</param>
    /// <inheritdoc cref="Load(string, CsvOptions?)" path="/exception"/>
    public static CsvDataset Load(TextReader text, CsvOptions? options = null)
        => Read(Check.NotNull(text, nameof(text)), options ?? new(), "text");

    /// <summary>
    /// The records of a file, read while they are asked for: for files larger than memory, with <see cref="DataStream.FromSamples(IEnumerable{Sample})"/>.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="separator">What stands between two fields. Default a comma.</param>
    /// <returns>One array of fields per record; the first is the header, where the file has one.</returns>
    /// <exception cref="DataFormatException">The file is not well formed.</exception>
    public static IEnumerable<string[]> ReadRecords(string path, char separator = ',')
    {
        Check.NotNull(path, nameof(path));
        CheckSeparator(separator);
        return Records();

        IEnumerable<string[]> Records()
        {
            using var text = new StreamReader(path, Encoding.UTF8);
            var reader = new CsvReader(text, separator, path);
            while (reader.Read() is { } record)
                yield return [.. record];
        }
    }

    private static CsvDataset Read(TextReader text, CsvOptions options, string name)
    {
        CheckSeparator(options.Separator);
        var reader = new CsvReader(text, options.Separator, name);
        var record = reader.Read() ?? throw new DataFormatException(name, "table", "at least one record", "nothing");
        string[] names = options.HasHeader ? [.. record.Select(field => field.Trim())] : [.. record.Select((_, i) => $"{i}")];
        if (names.GroupBy(column => column, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new DataFormatException(name, $"line {reader.Line}", "different names of columns", $"'{twice.Key}' twice");
        var table = new CsvTable(names, options);
        if (options.HasHeader)
            record = reader.Read();
        for (; record is not null; record = reader.Read())
        {
            if (record.Count != names.Length)
                throw new DataFormatException(name, $"line {reader.Line}", $"{names.Length} fields", $"{record.Count}");
            table.Add(record, new(name, reader.Line, options));
        }
        return table.ToDataset();
    }

    private static void CheckSeparator(char separator)
    {
        if (separator is '"' or '\r' or '\n')
            throw new ArgumentException("A quote or a line break cannot separate fields.", nameof(separator));
    }
}

/// <summary>A dataset that came from a table, and what its numbers mean. Disposing it disposes the dataset.</summary>
public sealed class CsvDataset : IDisposable
{
    internal CsvDataset(
        Dataset data, IReadOnlyList<string> inputNames, IReadOnlyList<string> targetNames, IReadOnlyDictionary<string, IReadOnlyList<string>> categories)
        => (Data, InputNames, TargetNames, Categories) = (data, inputNames, targetNames, categories);

    /// <summary>The rows: one input of floats [rows, columns], and the targets.</summary>
    public Dataset Data { get; }

    /// <summary>Names of the input's columns; a one-hot column reads as <c>colour=red</c>.</summary>
    public IReadOnlyList<string> InputNames { get; }

    /// <summary>Names of the target's columns.</summary>
    public IReadOnlyList<string> TargetNames { get; }

    /// <summary>The texts behind the numbers of each categorical, one-hot or class column; give them to <see cref="CsvOptions.Categories"/> for other files.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Categories { get; }

    /// <summary>Frees the dataset. May be called twice.</summary>
    public void Dispose() => Data.Dispose();
}
