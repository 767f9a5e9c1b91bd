namespace ExBurn;

/// <summary>Writes a line per epoch to a CSV file, while the run goes on: the columns of <see cref="History.ToCsv"/>.</summary>
public sealed class CsvLog : Callback
{
    private bool _needsHeader;

    /// <summary>A CSV log.</summary>
    /// <param name="path">The file; its folder is made when the run begins.</param>
    /// <param name="append">Whether a file that is there is continued, without a second header, instead of replaced. Default false.</param>
    public CsvLog(string path, bool append = false)
    {
        FilePath = Check.NotNull(path, nameof(path));
        Append = append;
    }

    /// <summary>The file.</summary>
    public string FilePath { get; }

    /// <summary>Whether a file that is there is continued.</summary>
    public bool Append { get; }

    /// <inheritdoc/>
    public override void OnTrainBegin(TrainingContext context)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(FilePath)) is { Length: > 0 } folder)
            Directory.CreateDirectory(folder);
        // A resumed run's file is that of the whole run: lines after the checkpoint, if any, are trained and written again.
        if (!Append)
            File.WriteAllText(FilePath, context.History.ToCsv());
        else if (!File.Exists(FilePath))
            File.WriteAllText(FilePath, "");
        _needsHeader = new FileInfo(FilePath).Length == 0;
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(TrainingContext context, EpochResult epoch)
    {
        var columns = EpochColumns.Of(Check.NotNull(epoch, nameof(epoch)));
        File.AppendAllText(FilePath, (_needsHeader ? EpochColumns.Header(columns) : "") + EpochColumns.Line(columns));
        _needsHeader = false;
    }
}
