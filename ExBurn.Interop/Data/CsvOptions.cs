namespace ExBurn;

/// <summary>What happens where a number of a CSV file is missing.</summary>
public enum MissingValues
{
    /// <summary>It is an error that names line and column.</summary>
    Error,

    /// <summary>The row is left out.</summary>
    SkipRow,

    /// <summary>It counts as 0.</summary>
    Zero,

    /// <summary>It becomes the mean of the column's other values.</summary>
    Mean,

    /// <summary>It becomes NaN, which training refuses; for data that is prepared further.</summary>
    NaN,
}

/// <summary>How <see cref="CsvFile.Load(string, CsvOptions?)"/> makes a dataset of a table. Immutable.</summary>
public sealed record CsvOptions
{
    /// <summary>What stands between two fields. Default a comma.</summary>
    public char Separator { get; init; } = ',';

    /// <summary>Whether the first line holds the names of the columns; otherwise they are "0", "1" and so on. Default true.</summary>
    public bool HasHeader { get; init; } = true;

    /// <summary>Columns of the input, in this order. Default all that are not <see cref="Targets"/> or <see cref="Ignored"/>.</summary>
    public ValueArray<string>? Inputs { get; init; }

    /// <summary>Columns of the target, in this order. Default none.</summary>
    public ValueArray<string> Targets { get; init; }

    /// <summary>Columns that are left out where <see cref="Inputs"/> are not named. Default none.</summary>
    public ValueArray<string> Ignored { get; init; }

    /// <summary>
    /// Whether targets are classes: each becomes a target of integers [rows], numbered in the order of their sorted texts (as numbers, where all are
    /// whole numbers). Otherwise all targets are one array of floats [rows, columns]. Default false.
    /// </summary>
    public bool TargetsAreClasses { get; init; }

    /// <summary>Input columns of texts that become the number of their category, in the order of their sorted texts. Default none.</summary>
    public ValueArray<string> Categorical { get; init; }

    /// <summary>Input columns of texts that become one column per category, 1 where the row is of it, else 0. Default none.</summary>
    public ValueArray<string> OneHot { get; init; }

    /// <summary>
    /// Categories of columns, as <see cref="CsvDataset.Categories"/> of the training data gives them, so that other files get the same numbers. A text that is
    /// not among them is an error. Default: those that the file has.
    /// </summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Categories { get; init => field = Check.NotNull(value); }
        = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Texts that mean a missing number, apart from spaces around them. Default empty, NA, N/A, NaN, nan, null, NULL, ?.</summary>
    public ValueArray<string> MissingTexts { get; init; } = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "?"];

    /// <summary>What happens where a number is missing. Default an error. A missing class or category is always an error, or skips the row.</summary>
    public MissingValues Missing { get; init; }
}
