using System.Text.Json;
using ExBurn.Native;

namespace ExBurn;

/// <summary>How <see cref="ImageFolder.Load"/> reads images. Immutable.</summary>
public sealed record ImageOptions
{
    /// <summary>Colours in which images are decoded. Default RGB.</summary>
    public ImageColor Color { get; init; } = ImageColor.Rgb;

    /// <summary>
    /// Whether an image is turned upright as the orientation in its Exif data tells, before all else, as Pillow's <c>exif_transpose</c> and torchvision's
    /// <c>apply_exif_orientation</c> do; an image without one stays as it is. Default true.
    /// </summary>
    public bool ApplyOrientation { get; init; } = true;

    /// <summary>What is done with each image, in order. Without a step that fixes the size all images must have that of the first. Default nothing.</summary>
    public IReadOnlyList<ImageTransform> Transforms { get; init => field = Check.NotNull(value); } = [];

    /// <summary>
    /// Whether all files are decoded once before, and those that cannot be are left out (<see cref="ImageFolder.Skipped"/>). Default false: a file that cannot be
    /// decoded ends the run that reads it with an exception that names it.
    /// </summary>
    public bool SkipUnreadable { get; init; }
}

/// <summary>
/// Images in folders, one folder per class, as torchvision's ImageFolder: classes are the sorted names of the subfolders, images all PNG and JPEG files within,
/// at any depth, in sorted order. Files are decoded batch by batch by native threads while training runs.
/// </summary>
public sealed class ImageFolder : IDisposable
{
    private static readonly string[] Extensions = [".png", ".jpg", ".jpeg"];

    private ImageFolder(Dataset data, IReadOnlyList<string> files, IReadOnlyList<(string File, string Reason)> skipped)
        => (Data, Files, Skipped) = (data, files, skipped);

    /// <summary>The rows: one input [rows, channels, height, width] of floats, one target of classes [rows].</summary>
    public Dataset Data { get; }

    /// <summary>Names of the classes, by their index.</summary>
    public IReadOnlyList<string> ClassNames => Data.ClassNames;

    /// <summary>The file of each row.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Files that were left out, and why.</summary>
    public IReadOnlyList<(string File, string Reason)> Skipped { get; }

    /// <summary>Finds the images of a folder.</summary>
    /// <param name="path">The folder; its subfolders are the classes.</param>
    /// <param name="options">Colours and transforms; null for the defaults.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="DataFormatException">There are no subfolders, or one has no images.</exception>
    /// <exception cref="ExBurnException">The first image, which tells the size, cannot be decoded; code <see cref="ErrorCode.Format"/>.</exception>
    public static ImageFolder Load(string path, ImageOptions? options = null)
    {
        if (!Directory.Exists(Check.NotNull(path, nameof(path))))
            throw new DirectoryNotFoundException($"There is no folder '{path}' to read images from.");
        var folders = Directory.GetDirectories(path);
        Array.Sort(folders, string.CompareOrdinal);
        if (folders.Length == 0)
            throw new DataFormatException(path, "classes", "a subfolder per class", "no subfolder");
        var (files, classes) = (new List<string>(), new List<int>());
        for (var i = 0; i < folders.Length; i++)
        {
            var found = Images(folders[i]);
            if (found.Length == 0)
                throw new DataFormatException(folders[i], "images", "at least one PNG or JPEG file", "none");
            files.AddRange(found);
            classes.AddRange(Enumerable.Repeat(i, found.Length));
        }
        return Make(files, classes, [.. folders.Select(folder => Path.GetFileName(folder))], options ?? new());
    }

    /// <summary>Images given one by one.</summary>
    /// <param name="files">PNG and JPEG files.</param>
    /// <param name="classes">The class of each, from 0.</param>
    /// <param name="classNames">Names of the classes; may be empty.</param>
    /// <param name="options">Colours and transforms; null for the defaults.</param>
    /// <exception cref="ArgumentException">There is no file, or not one class for each.</exception>
    public static ImageFolder FromFiles(
        IReadOnlyList<string> files, IReadOnlyList<int> classes, IReadOnlyList<string>? classNames = null, ImageOptions? options = null)
    {
        if (Check.NotNull(files, nameof(files)).Count == 0 || Check.NotNull(classes, nameof(classes)).Count != files.Count)
            throw new ArgumentException($"There must be at least one file and a class for each; found {files.Count} and {classes?.Count ?? 0}.", nameof(classes));
        return Make(files, classes, classNames ?? [], options ?? new());
    }

    /// <summary>Decodes one image as floats [1, channels, height, width], for a prediction; what is random rests.</summary>
    /// <param name="file">A PNG or JPEG file.</param>
    /// <param name="options">Colours and transforms; null for the defaults.</param>
    /// <exception cref="ExBurnException">The file cannot be decoded; code <see cref="ErrorCode.Format"/>.</exception>
    public static TensorData Read(string file, ImageOptions? options = null)
    {
        using var one = FromFiles([Check.NotNull(file, nameof(file))], [0], null, options);
        return one.Data.GetInput();
    }

    /// <summary>Frees the dataset. May be called twice.</summary>
    public void Dispose() => Data.Dispose();

    private static string[] Images(string folder)
    {
        string[] files = [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(IsImage)];
        Array.Sort(files, string.CompareOrdinal);
        return files;

        static bool IsImage(string file) => Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase);
    }

    private static ImageFolder Make(IReadOnlyList<string> files, IReadOnlyList<int> classes, IReadOnlyList<string> classNames, ImageOptions options)
    {
        List<(string, string)> skipped = [];
        if (options.SkipUnreadable)
        {
            using var failed = JsonDocument.Parse(BurnBridge.CheckImages(Describe(files, options)));
            var reasons = failed.RootElement.EnumerateArray().ToDictionary(entry => (int)entry.Number("index"), entry => entry.Text("error"));
            skipped.AddRange(reasons.OrderBy(reason => reason.Key).Select(reason => (files[reason.Key], reason.Value)));
            int[] kept = [.. Enumerable.Range(0, files.Count).Where(i => !reasons.ContainsKey(i))];
            if (kept.Length == 0)
                throw new DataFormatException($"None of {files.Count} images can be decoded; the first: {skipped[0].Item2}");
            (files, classes) = ([.. kept.Select(i => files[i])], [.. kept.Select(i => classes[i])]);
        }
        var data = Dataset.FromImages(Describe(files, options), new TensorView(classes.ToArray(), [files.Count]), classNames);
        return new(data, files, skipped);
    }

    private static string Describe(IReadOnlyList<string> files, ImageOptions options) => JsonText.Object(json =>
    {
        json.WriteNumber("version", ModelDescription.Version);
        json.WriteStartArray("files");
        foreach (var file in files)
            json.WriteStringValue(Path.GetFullPath(Check.NotNull(file, nameof(files))));
        json.WriteEndArray();
        json.WriteNumber("channels", (int)options.Color);
        json.WriteBoolean("orientation", options.ApplyOrientation);
        json.WriteStartArray("transforms");
        foreach (var transform in options.Transforms)
        {
            json.WriteStartObject();
            transform.WriteTo(json);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });
}
