using ExBurn.Native;

namespace ExBurn;

public abstract partial class Model
{
    private static readonly IReadOnlyDictionary<string, LoRAAdapter> s_noAdapters = new Dictionary<string, LoRAAdapter>();

    // By the name of the layer that owns the weight. Never changed, only replaced: copies of the model hold the same.
    private IReadOnlyDictionary<string, LoRAAdapter> _adapters = s_noAdapters;
    private IReadOnlyList<(string Name, bool Trainable)> _marksBefore = [];

    /// <summary>Names of the layers that have a low-rank adapter from <see cref="AddLoRA"/>, in no particular order.</summary>
    public IReadOnlyCollection<string> LoRALayers => [.. _adapters.Keys];

    /// <summary>
    /// Gives layers a low-rank adapter (LoRA; Hu et al., 2021), to fine-tune a model by few parameters:
    /// y = base(x) + alpha/rank · dropout(x) Aᵀ Bᵀ. A is drawn from U(-1/√in, 1/√in) (Kaiming's with a = √5), B is zero, so the outputs are
    /// at first what they were. State: <c>lora_A.weight</c> [rank, in] and <c>lora_B.weight</c> [out, rank] under the layer's name, as PEFT has
    /// them; a convolution's are [rank, in, kernel..] and [out, rank, 1..]. Weights, buffers and names of the layers stay. Where the model is
    /// compiled it is compiled anew: optimizer state, schedule and averages start anew.
    /// </summary>
    /// <param name="pattern">
    /// Which layers: a name (<c>fc1</c>), a layer that they are part of (<c>encoder</c>) or a pattern with <c>*</c> and <c>?</c> (<c>*.query</c>). Of
    /// what matches, <see cref="Linear"/> and convolutions with one group are adapted. Layers that share weights share an adapter.
    /// </param>
    /// <param name="rank">Rows of A and columns of B, at least 1. Default 8.</param>
    /// <param name="alpha">What the change is multiplied by, times the rank. Default 16.</param>
    /// <param name="dropout">Probability with which an element of A's input is dropped in training, below 1. Default 0.</param>
    /// <param name="freezeOthers">
    /// Whether all parameters and buffers but adapters are frozen, until <see cref="MergeLoRA"/>; <see cref="Unfreeze"/> makes exceptions (a new
    /// head). Otherwise they stay as they are. Default true.
    /// </param>
    /// <returns>How many layers have got an adapter.</returns>
    /// <exception cref="NameNotFoundException">No layer that can be adapted matches; the message lists those there are.</exception>
    /// <exception cref="InvalidOperationException">The model is not built, a matching layer has an adapter already, or the averaged weights are in place.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The rank, alpha or the probability is out of range.</exception>
    public int AddLoRA(string pattern, int rank = 8, double alpha = 16, double dropout = 0, bool freezeOthers = true)
    {
        Check.NotNull(pattern, nameof(pattern));
        var adapter = new LoRAAdapter(Check.Positive(rank, nameof(rank)), Check.Positive(alpha, nameof(alpha)), Check.Fraction(dropout, nameof(dropout)));
        using var claim = ClaimTraining();
        var found = Adaptable(pattern);
        if (found.FirstOrDefault(_adapters.ContainsKey) is { } taken)
            throw new InvalidOperationException($"'{taken}' has an adapter already: merge it, or choose a pattern without that layer.");

        var adapters = _adapters.ToDictionary(entry => entry.Key, entry => entry.Value);
        foreach (var layer in found)
            adapters.Add(layer, adapter);
        var marks = Marks(Handle);
        Replace(adapters, handle =>
        {
            BurnBridge.ImportState(handle, BurnBridge.ExportState(Handle), strict: false);
            var earlier = new HashSet<string>(_adapters.Keys.SelectMany(LoRAAdapter.Parameters), StringComparer.Ordinal);
            if (freezeOthers)
                BurnBridge.SetTrainable(handle, "*", false);
            SetMarks(handle, marks.Where(mark => !freezeOthers || earlier.Contains(mark.Name)));
            SetMarks(handle, found.SelectMany(LoRAAdapter.Parameters).Select(name => (name, true)));
        });
        if (_marksBefore.Count == 0)
            _marksBefore = marks;
        return found.Count;
    }

    /// <summary>
    /// Adds what the adapters have learned to the weights of their layers, weight + alpha/rank · B A, and takes the adapters away: the outputs
    /// stay, to rounding, and names, layers, cost and what is frozen are as they were before <see cref="AddLoRA"/>. Where the model is
    /// compiled it is compiled anew: optimizer state, schedule and averages start anew.
    /// </summary>
    /// <returns>How many layers were merged.</returns>
    /// <exception cref="InvalidOperationException">There is no adapter, or the averaged weights are in place.</exception>
    public int MergeLoRA()
    {
        using var claim = ClaimTraining();
        RequireAdapters();
        var merged = GetState().ToDictionary(entry => entry.Key, entry => entry.Value);
        foreach (var (layer, adapter) in _adapters.Select(entry => (entry.Key, entry.Value)))
        {
            var names = LoRAAdapter.Parameters(layer);
            merged[layer + ".weight"] = adapter.Fold(merged[layer + ".weight"], merged[names[0]], merged[names[1]]);
            foreach (var name in names)
                merged.Remove(name);
        }
        var count = _adapters.Count;
        Replace(s_noAdapters, handle =>
        {
            BurnBridge.ImportState(handle, SafeTensors.Write(merged), strict: true);
            SetMarks(handle, _marksBefore);
        });
        _marksBefore = [];
        return count;
    }

    /// <summary>
    /// Saves the adapters' parameters alone as safetensors. Rank and alpha are not in the file: <see cref="LoadLoRA"/> is for a model with
    /// the same ones. Written to a temporary name, then renamed.
    /// </summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <exception cref="InvalidOperationException">There is no adapter.</exception>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public void SaveLoRA(string path)
    {
        Check.NotNull(path, nameof(path));
        RequireAdapters();
        var state = GetState();
        var bytes = SafeTensors.Write(_adapters.Keys.SelectMany(LoRAAdapter.Parameters).ToDictionary(name => name, name => state[name]));
        WriteWhole(path, file => file.Write(bytes, 0, bytes.Length));
    }

    /// <summary>Loads the adapters' parameters from a file of <see cref="SaveLoRA"/> or of PEFT (whose prefix <c>base_model.model.</c> is dropped).</summary>
    /// <param name="path">As in <see cref="Load(string, bool)"/>. What is no adapter of this model is left alone in model and file.</param>
    /// <exception cref="InvalidOperationException">There is no adapter: call <see cref="AddLoRA"/> first, with the same layers and rank.</exception>
    /// <exception cref="CheckpointException">The file is missing or damaged, or lacks an adapter or has one of another shape; the model is unchanged.</exception>
    public LoadReport LoadLoRA(string path)
    {
        RequireAdapters();
        return Load(path, new LoadOptions
        {
            Rename = [("base_model.model.*", "$1")],
            Only = [.. _adapters.Keys.SelectMany(LoRAAdapter.Parameters)],
        });
    }

    private ModelDescription DescribeAdapted(Shape? inputShape) => LoRAAdapter.Apply(Describe(inputShape), _adapters);

    /// <summary>Names of nodes whose values are those of the layers: an adapted layer's is the sum.</summary>
    private string[] AdaptedNames(string[] layers)
    {
        if (_adapters.Count == 0)
            return layers;
        var nodes = new HashSet<string>(Description.Nodes.Select(node => node.Name), StringComparer.Ordinal);
        return [.. layers.Select(name => name is not null && nodes.Contains(LoRAAdapter.Output(name)) ? LoRAAdapter.Output(name) : name!)];
    }

    /// <summary>The layers that own the weights of those that match and can be adapted.</summary>
    private List<string> Adaptable(string pattern)
    {
        _ = Handle;
        var suitable = Describe(_inputShape).Nodes.Where(node => LoRAAdapter.Suits(node.Layer)).ToList();
        var found = suitable.Where(node => NamePattern.MatchesLayer(pattern, node.Name)).Select(node => node.Shares ?? node.Name).Distinct().ToList();
        if (found.Count > 0)
            return found;
        var names = suitable.Where(node => node.Shares is null).Select(node => node.Name).ToList();
        var known = names.Count == 0 ? "none" : string.Join(", ", names.Take(20)) + (names.Count > 20 ? ", ..." : "");
        throw new NameNotFoundException(
            $"No layer that can have a low-rank adapter (Linear, or a convolution with one group) matches '{pattern}'; there are: {known}.");
    }

    private void RequireAdapters()
    {
        _ = Handle;
        if (_adapters.Count == 0)
            throw new InvalidOperationException("The model has no low-rank adapters: call AddLoRA first.");
    }

    /// <summary>Builds the model anew with other adapters, and compiles it where it was.</summary>
    private void Replace(IReadOnlyDictionary<string, LoRAAdapter> adapters, Action<ModelHandle> fill)
    {
        if (Training?.Averaged is not null)
            throw new InvalidOperationException("The averaged weights are in place: put the trained ones back first.");
        var old = Handle;
        var json = LoRAAdapter.Apply(Describe(_inputShape), adapters).ToJson(DType);
        var handle = BurnBridge.NewModel(json, unchecked((ulong)Seed), Device.Open());
        try
        {
            fill(handle);
            if (Training is { } training)
                BurnBridge.Compile(handle, new CompileDescription(training.Losses, training.Optimizer, training.Metrics, OutputNames).ToJson());
        }
        catch
        {
            // The model stays as it was.
            handle.Dispose();
            throw;
        }
        (_handle, _adapters, Training) = (handle, adapters, Training?.Copy(withOptimizer: false));
        old.Dispose();
    }
}
