using System.Text.Json;
using ExBurn.Native;

namespace ExBurn;

/// <summary>Format of a file of weights; told by its content, not by its name.</summary>
public enum WeightsFormat
{
    /// <summary>safetensors, in one file or several.</summary>
    SafeTensors,

    /// <summary><c>torch.save</c> since PyTorch 1.6: a zip archive.</summary>
    PyTorch,

    /// <summary><c>torch.save</c> before PyTorch 1.6.</summary>
    PyTorchLegacy,
}

/// <summary>A tensor in a file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Type">Type of its elements in the file.</param>
public sealed record StoredTensor(string Name, Shape Shape, StoredType Type);

/// <summary>
/// An open file of weights, without a model: what it holds, and one tensor at a time. Opening reads names and shapes only. Reads
/// safetensors, sharded files by their index or folder, and the files of <c>torch.save</c>, of which nothing is ever executed.
/// May be used by several threads at once. Dispose it to close the file.
/// </summary>
public sealed class WeightsFile : IDisposable
{
    private readonly WeightsHandle _handle;
    private readonly Dictionary<string, StoredTensor> _byName = new(StringComparer.Ordinal);

    private WeightsFile(WeightsHandle handle, string path)
    {
        _handle = handle;
        Path = path;
        using var document = JsonDocument.Parse(BurnBridge.ListWeights(handle));
        var root = document.RootElement;
        Format = root.Text("format") switch
        {
            "pytorch" => WeightsFormat.PyTorch,
            "pytorch-legacy" => WeightsFormat.PyTorchLegacy,
            _ => WeightsFormat.SafeTensors,
        };
        FileCount = (int)root.Number("files");
        Metadata = root.GetProperty("metadata").EnumerateObject()
            .ToDictionary(entry => entry.Name, entry => entry.Value.GetString() ?? "", StringComparer.Ordinal);
        Tensors = [.. root.GetProperty("tensors").EnumerateArray().Select(entry => new StoredTensor(
            entry.Text("name"), entry.ShapeOrNull("shape") ?? default, StoredTypes.FromFileName(entry.Text("dtype"))))];
        foreach (var tensor in Tensors)
            _byName[tensor.Name] = tensor;
    }

    /// <summary>The path that was opened.</summary>
    public string Path { get; }

    /// <summary>The file's format.</summary>
    public WeightsFormat Format { get; }

    /// <summary>Files that the tensors are spread over; 1 for a single file.</summary>
    public int FileCount { get; }

    /// <summary>Texts beside the tensors; empty for PyTorch's files.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>All tensors, in the file's order.</summary>
    public IReadOnlyList<StoredTensor> Tensors { get; }

    /// <summary>Opens a file.</summary>
    /// <param name="path">A file, an index of sharded files, or a folder with one of them under Hugging Face's name (<c>model.safetensors</c>).</param>
    /// <param name="key">The part of a checkpoint to take; see <see cref="LoadOptions.Key"/>. Default: it is looked for.</param>
    /// <exception cref="CheckpointException">The file is missing, damaged or of another format, or has no such part.</exception>
    /// <exception cref="ArgumentException">The file holds several parts with tensors and <paramref name="key"/> names none.</exception>
    public static WeightsFile Open(string path, string? key = null)
    {
        var handle = BurnBridge.OpenWeights(Check.NotNull(path, nameof(path)), key);
        try
        {
            return new(handle, path);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>The tensor of a name; null where there is none.</summary>
    public StoredTensor? Find(string name) => _byName.TryGetValue(Check.NotNull(name, nameof(name)), out var tensor) ? tensor : null;

    /// <summary>Reads one tensor. Half precision comes as <see cref="DType.Float32"/>, narrow integers as <see cref="DType.Int32"/>, truth values as <see cref="DType.UInt8"/>.</summary>
    /// <exception cref="CheckpointException">The file has no tensor of the name (<see cref="ErrorCode.NotFound"/>), or its values are damaged.</exception>
    /// <exception cref="ExBurnException">The element type is <see cref="StoredType.Other"/> (<see cref="ErrorCode.Unsupported"/>).</exception>
    /// <exception cref="ObjectDisposedException">The file is closed.</exception>
    public TensorData Read(string name)
    {
        using var outputs = BurnBridge.ReadWeights(_handle, Check.NotNull(name, nameof(name)));
        return TensorData.FromNative(outputs, 0);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _handle.Dispose();

    /// <summary>Reads as <c>model.pt: PyTorch, 9 tensors</c>.</summary>
    public override string ToString() => $"{Path}: {Format}, {Tensors.Count} tensors";
}
