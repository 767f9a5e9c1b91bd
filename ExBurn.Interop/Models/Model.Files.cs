using ExBurn.Native;

namespace ExBurn;

public abstract partial class Model
{
    /// <summary>Saves parameters and buffers as safetensors, with PyTorch's names and layouts. Written to a temporary name, then renamed.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public void Save(string path) => BurnBridge.Save(Handle, Check.NotNull(path, nameof(path)));

    /// <summary>Saves parameters and buffers as safetensors in another precision, with metadata, or spread over several files.</summary>
    /// <param name="path">The file; of several, their index is <paramref name="path"/> with <c>.index.json</c> behind it. Its folder must exist.</param>
    /// <param name="options">How.</param>
    /// <exception cref="CheckpointException">A file cannot be written.</exception>
    /// <exception cref="NumericalException">A value is outside the range of <see cref="StoredType.Float16"/>; nothing is written then.</exception>
    public void Save(string path, SaveOptions options)
        => BurnBridge.Save(Handle, Check.NotNull(path, nameof(path)), Check.NotNull(options, nameof(options)).ToJson());

    /// <summary>
    /// Loads parameters and buffers from safetensors, or from a file of <c>torch.save</c> (<c>.pt</c>, <c>.pth</c>, <c>.bin</c>), of which
    /// nothing is ever executed. The format is told by the content.
    /// </summary>
    /// <param name="path">A file, an index of sharded files, or a folder with one of them under Hugging Face's name (<c>model.safetensors</c>).</param>
    /// <param name="strict">Whether missing, unexpected and mismatched names are an error, and nothing is changed then. Default true.</param>
    /// <exception cref="CheckpointException">The file is missing, damaged or foreign, or (strict) does not fit; the model is unchanged.</exception>
    /// <exception cref="ArgumentException">The file holds several sets of weights; <see cref="LoadOptions.Key"/> chooses one.</exception>
    public LoadReport Load(string path, bool strict = true) => Load(path, new LoadOptions { Strict = strict });

    /// <summary>Loads parameters and buffers, or some of them, under other names, or from a part of a checkpoint.</summary>
    /// <param name="path">As in <see cref="Load(string, bool)"/>.</param>
    /// <param name="options">What is loaded and under which names.</param>
    /// <exception cref="CheckpointException">
    /// The file is missing, damaged or foreign, has no part of that key, or (strict) does not fit; <see cref="LoadOptions.Only"/> matches nothing in the
    /// model. The model is unchanged.
    /// </exception>
    /// <exception cref="ArgumentException">A rule is wrong, or gives two tensors one name; the file holds several sets of weights and no key is given.</exception>
    public LoadReport Load(string path, LoadOptions options)
        => LoadReport.FromJson(BurnBridge.Load(Handle, Check.NotNull(path, nameof(path)), Check.NotNull(options, nameof(options)).ToJson()));

    /// <summary>
    /// Writes parameters and buffers as JSON: <c>{"0.bias": {"shape": [2], "type": "f32", "data": [0.5, -1]}}</c>, the data nested as the
    /// shape is. For people and other tools; larger and slower than <see cref="Save(string)"/>, and as exact.
    /// </summary>
    /// <param name="path">The file; written to a temporary name, then renamed.</param>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public void ExportJson(string path)
    {
        Check.NotNull(path, nameof(path));
        var state = OrderedState();
        WriteWhole(path, file => JsonWeights.Write(file, state));
    }

    /// <summary>As <see cref="ExportJson(string)"/>, to a stream, which stays open.</summary>
    public void ExportJson(Stream stream) => JsonWeights.Write(Check.NotNull(stream, nameof(stream)), OrderedState());

    /// <summary>Sets parameters and buffers from JSON as <see cref="ExportJson(string)"/> writes it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="strict">Whether missing, unexpected and mismatched names are an error, and nothing is changed then. Default true.</param>
    /// <exception cref="CheckpointException">The file is missing or damaged, or (strict) does not fit; the model is unchanged.</exception>
    public LoadReport ImportJson(string path, bool strict = true)
    {
        Check.NotNull(path, nameof(path));
        Stream file;
        try
        {
            file = File.OpenRead(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            var code = error is FileNotFoundException or DirectoryNotFoundException ? ErrorCode.NotFound : ErrorCode.IO;
            throw new CheckpointException($"{path}: {error.Message}", code, error);
        }
        using (file)
            return ImportJson(file, strict);
    }

    /// <summary>As <see cref="ImportJson(string, bool)"/>, from a stream, which stays open.</summary>
    /// <inheritdoc cref="ImportJson(string, bool)" path="/param|/exception"/>
    public LoadReport ImportJson(Stream stream, bool strict = true)
        => SetState(JsonWeights.Read(Check.NotNull(stream, nameof(stream))), strict);

    /// <summary>Writes a file under a temporary name, then renames it.</summary>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    private static void WriteWhole(string path, Action<Stream> write)
    {
        var temporary = path + ".tmp";
        try
        {
            using (var file = File.Create(temporary))
                write(file);
            if (File.Exists(path))
                File.Replace(temporary, path, null);
            else
                File.Move(temporary, path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(temporary))
                File.Delete(temporary);
            throw new CheckpointException($"{path}: {error.Message}", ErrorCode.IO, error);
        }
    }

    /// <summary>The state in the model's order.</summary>
    private IEnumerable<KeyValuePair<string, TensorData>> OrderedState()
    {
        var state = GetState();
        return [.. ListState().Select(entry => new KeyValuePair<string, TensorData>(entry.Name, state[entry.Name]))];
    }
}
