using ExBurn.Native;

namespace ExBurn;

public abstract partial class Model
{
    /// <summary>Names, shapes and kinds of all parameters and buffers, in the model's order.</summary>
    public IReadOnlyList<StateEntry> ListState() => StateEntry.ListFromJson(BurnBridge.StateList(Handle));

    /// <summary>Copies of all parameters and buffers under PyTorch's names (<c>0.weight</c>, <c>bn.running_mean</c>).</summary>
    public IReadOnlyDictionary<string, TensorData> GetState() => SafeTensors.Read(ExportState());

    /// <summary>Sets parameters and buffers.</summary>
    /// <param name="state">Arrays by name.</param>
    /// <param name="strict">Whether missing, unexpected and mismatched names are an error, and nothing is changed then. Default true.</param>
    /// <exception cref="CheckpointException">Strict, and the names or shapes differ; the message lists how.</exception>
    public LoadReport SetState(IReadOnlyDictionary<string, TensorData> state, bool strict = true)
        => ImportState(SafeTensors.Write(Check.NotNull(state, nameof(state))), strict);

    /// <summary>The weights as the bytes of a safetensors file, to be sent or stored: what <see cref="Save(string)"/> writes, in memory.</summary>
    public byte[] ExportBytes() => ExportState();

    /// <summary>Takes weights over from the bytes of a safetensors file.</summary>
    /// <param name="file">The bytes, of <see cref="ExportBytes"/> or of any safetensors file with this model's names.</param>
    /// <param name="strict">Whether names and shapes must agree wholly. Default true.</param>
    /// <returns>What was loaded, and what was not.</returns>
    /// <exception cref="CheckpointException">The bytes are no such file; or strict, and the names or shapes differ. Nothing is changed then.</exception>
    public LoadReport ImportBytes(ReadOnlySpan<byte> file, bool strict = true) => ImportState(file, strict);

    /// <summary>Names of the layers of which every parameter is frozen, in the model's order.</summary>
    public IReadOnlyList<string> FrozenLayers => [.. Summary().Layers.Where(layer => layer.IsFrozen).Select(layer => layer.Name)];

    /// <summary>Whether a layer is frozen.</summary>
    /// <param name="layer">Its name, as <see cref="Summary"/> lists it.</param>
    /// <exception cref="NameNotFoundException">The model has no such layer.</exception>
    public bool IsFrozen(string layer)
    {
        Check.NotNull(layer, nameof(layer));
        var layers = Summary().Layers;
        return (layers.FirstOrDefault(one => one.Name == layer)
            ?? throw new NameNotFoundException($"The model has no layer '{layer}'; it has {string.Join(", ", layers.Select(one => one.Name))}.")).IsFrozen;
    }

    /// <summary>Stops training the parameters whose names, or whose layers' names, match. They stay bit for bit as they are.</summary>
    /// <param name="pattern">A name (<c>0.weight</c>), a layer (<c>fc1</c>) or a pattern with <c>*</c> and <c>?</c> (<c>encoder.*</c>).</param>
    /// <returns>How many parameters match.</returns>
    /// <exception cref="NameNotFoundException">Nothing matches.</exception>
    public int Freeze(string pattern = "*") => checked((int)BurnBridge.SetTrainable(Handle, Check.NotNull(pattern, nameof(pattern)), false));

    /// <summary>Trains the matching parameters again; their optimizer state is as it was when they were frozen.</summary>
    /// <inheritdoc cref="Freeze" path="/param|/returns|/exception"/>
    public int Unfreeze(string pattern = "*") => checked((int)BurnBridge.SetTrainable(Handle, Check.NotNull(pattern, nameof(pattern)), true));

    /// <summary>
    /// Draws the parameters whose names, or whose layers' names, match anew, and drops their optimizer state. Buffers stay. The
    /// numbers follow from the seed and the parameter's place in the model.
    /// </summary>
    /// <param name="pattern">A name (<c>0.weight</c>), a layer (<c>fc1</c>) or a pattern with <c>*</c> and <c>?</c> (<c>*.weight</c>).</param>
    /// <param name="initializer">How they get their values.</param>
    /// <param name="seed">Fixes the numbers. Default: the model's <see cref="Seed"/>.</param>
    /// <returns>How many parameters match.</returns>
    /// <exception cref="NameNotFoundException">Nothing matches.</exception>
    /// <exception cref="ShapeMismatchException">The initializer does not suit the shape of a matching parameter; nothing changes.</exception>
    public int Initialize(string pattern, Initializer initializer, long? seed = null)
    {
        var (name, json) = (Check.NotNull(pattern, nameof(pattern)), Check.NotNull(initializer, nameof(initializer)).ToJson());
        return checked((int)BurnBridge.Initialize(Handle, name, json, unchecked((ulong)(seed ?? Seed))));
    }

    /// <summary>Layers with output shapes and parameter counts, totals and size; <see cref="object.ToString"/> gives a table.</summary>
    public ModelSummary Summary() => ModelSummary.FromJson(GetType().Name, BurnBridge.Summary(Handle));

    /// <summary>The model in numbers: layers, parameters, memory, device, how it learns.</summary>
    /// <exception cref="InvalidOperationException">The model is not built.</exception>
    public ModelInfo Info() => ModelInfo.FromJson(GetType().Name, BurnBridge.Summary(Handle)) with
    {
        IsCompiled = IsCompiled,
        Losses = Losses,
        Optimizer = Optimizer,
        LearningRate = Training?.LearningRate,
        CompletedEpochs = Training?.Epochs ?? 0,
    };

    /// <summary>The state as the bytes of a safetensors file.</summary>
    internal byte[] ExportState() => BurnBridge.ExportState(Handle);

    internal LoadReport ImportState(ReadOnlySpan<byte> file, bool strict)
        => LoadReport.FromJson(BurnBridge.ImportState(Handle, file, strict));
}
