using System.Diagnostics;
using ExBurn.Native;

namespace ExBurn;

/// <summary>
/// A network: layers, and once it is built the named parameters and buffers they need, in native memory. <see cref="Compile(Optimizer, Loss, IReadOnlyList{Metric}, Device, Shape?, long?, DType?)"/>
/// builds it and says how it learns; <see cref="Build"/> only builds it, for prediction. One thread may use a model at a time:
/// a second call at the same moment fails with <see cref="ErrorCode.Busy"/>. For many threads there is <see cref="CreatePredictor()"/>.
/// </summary>
[DebuggerDisplay("{ToString(),nq}")]
public abstract partial class Model : Inference
{
    private ModelHandle? _handle;
    private Shape? _inputShape;
    private bool _disposed;
    private int _training;

    private protected Model()
    {
    }

    /// <summary>Whether the model has weights, from <see cref="Build"/> or Compile.</summary>
    public bool IsBuilt => _handle is not null;

    /// <summary>Whether the model can be trained.</summary>
    public bool IsCompiled => Training is not null;

    /// <summary>Where the model lives and computes; <see cref="Device.Cpu"/> before it is built.</summary>
    public Device Device { get; private set; } = Device.Cpu;

    /// <summary>Type in which the model computes; <see cref="DType.Float32"/> before it is built.</summary>
    public DType DType { get; private set; }

    /// <summary>The seed from which the weights were drawn, and from which shuffling and dropout are drawn by default.</summary>
    public long Seed { get; private set; }

    /// <summary>The loss given to Compile, the first of several; null before.</summary>
    public Loss? Loss => Training?.Losses[0];

    /// <summary>All losses given to <see cref="Compile(Optimizer, IReadOnlyList{Loss}, IReadOnlyList{Metric}, Device, Shape?, long?, DType?)"/>; empty before.</summary>
    public IReadOnlyList<Loss> Losses => Training?.Losses ?? [];

    /// <summary>The optimizer given to Compile; null before.</summary>
    public Optimizer? Optimizer => Training?.Optimizer;

    /// <summary>The metrics given to Compile; empty before.</summary>
    public IReadOnlyList<Metric> Metrics => Training?.Metrics ?? [];

    /// <inheritdoc/>
    public override Shape? SampleShape => _inputShape ?? DescribedSampleShape ?? SeenSampleShape;

    /// <inheritdoc/>
    public override IReadOnlyList<Shape?> InputShapes => [.. Description.Inputs.Select(input => input.Shape?.WithoutFirst())];

    /// <summary>Shape of a sample of the data last trained or evaluated on.</summary>
    internal Shape? SeenSampleShape { get; set; }

    /// <summary>How the model learns and how far it is; null before Compile.</summary>
    internal TrainingState? Training { get; private set; }

    /// <summary>The native model.</summary>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    /// <exception cref="InvalidOperationException">The model is not built.</exception>
    internal ModelHandle Handle
    {
        get
        {
            ThrowIfDisposed();
            return _handle ?? throw new InvalidOperationException("The model has no weights yet: call Compile or Build first.");
        }
    }

    /// <summary>Shape of a sample where the layers alone fix it.</summary>
    private protected abstract Shape? DescribedSampleShape { get; }

    private protected abstract ModelDescription Describe(Shape? inputShape);

    /// <summary>A model of the same layers that is not built yet.</summary>
    private protected abstract Model NewLike();

    /// <summary>A snapshot of the weights that many threads may use at once. Dispose it.</summary>
    /// <exception cref="InvalidOperationException">The model is not built.</exception>
    public Predictor CreatePredictor() => new(BurnBridge.NewPredictor(Handle, []), SampleShape, InputShapes, InputNames, OutputNames);

    /// <summary>
    /// A snapshot that gives the values of named layers instead of the model's outputs: features of an inner layer, for search, transfer or
    /// to look at. Layers that they do not need are not computed. Dispose it.
    /// </summary>
    /// <param name="layers">Names of layers as <see cref="Summary"/> lists them, or of layers composed of them (<c>layer3.1</c> of a ResNet); <c>name:1</c> for a second output.</param>
    /// <exception cref="NameNotFoundException">The model has no layer of that name; the message lists those it has.</exception>
    /// <exception cref="InvalidOperationException">The model is not built.</exception>
    public Predictor CreatePredictor(params string[] layers)
    {
        if (Check.NotNull(layers, nameof(layers)).Length == 0)
            return CreatePredictor();
        return new(BurnBridge.NewPredictor(Handle, AdaptedNames(OutputsOf(layers))), SampleShape, InputShapes, InputNames, [.. layers]);
    }

    /// <summary>The nodes that names mean: a composed layer's is the one that gives its output.</summary>
    private string[] OutputsOf(string[] layers)
    {
        var composed = Description.Composed;
        return [.. layers.Select(layer => composed.TryGetValue(layer, out var node) ? node : layer)];
    }

    /// <summary>
    /// This model as a layer of another one: its layers under a name, with weights of their own. Where this model is built, they start as its
    /// weights and buffers are when the other one is built, in the other one's type; what is frozen is not taken over. It must not be
    /// disposed before.
    /// </summary>
    /// <param name="name">Name of the layer. Default: its position in a <see cref="Sequential"/>, or one made of its type.</param>
    public CustomLayer AsLayer(string? name = null) => new ModelLayer(this) { Name = name };

    /// <summary>The model as a drawing: Mermaid, DOT, SVG. With shapes where the model is built.</summary>
    public ModelDiagram Diagram()
        => new(Description, OutputNames, IsBuilt ? Summary().Layers.ToDictionary(layer => layer.Name, layer => layer.OutputShape) : new Dictionary<string, Shape?>());

    /// <summary>The layers and how they are linked.</summary>
    internal ModelDescription Description => DescribeAdapted(_inputShape);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _disposed = true;
        _handle?.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Reads as <c>Sequential, 4 layers, Float32 on cpu</c>.</summary>
    public override string ToString()
        => IsBuilt ? $"{GetType().Name}, {DType} on {Device}" : $"{GetType().Name}, not built";

    /// <summary>The training state, where the model can be trained.</summary>
    internal TrainingState RequireTraining()
    {
        ThrowIfDisposed();
        return Training ?? throw new InvalidOperationException("The model cannot be trained yet: call Compile first.");
    }

    /// <summary>Takes over the seed of a checkpoint, so that shuffling and dropout go on as they would have.</summary>
    internal void RestoreSeed(long seed) => Seed = seed;

    /// <summary>Claims the model for a training run; dispose the result to let it go.</summary>
    internal TrainingClaim ClaimTraining() => new(this);

    private protected override NativeOutputs Run(in ArrayInputs inputs, ulong batchSize)
        => BurnBridge.Predict(Handle, inputs, batchSize);

    private protected void ThrowIfDisposed()
    {
        if (_disposed)
            throw new ObjectDisposedException(GetType().Name);
    }

    /// <summary>
    /// Holds a model from the first to the last epoch: between two native calls the core's own lock is open, and a second
    /// run could slip in. Callbacks may still predict, evaluate, save and read the state between epochs.
    /// </summary>
    internal readonly struct TrainingClaim : IDisposable
    {
        private readonly Model _model;

        public TrainingClaim(Model model)
        {
            if (Interlocked.CompareExchange(ref model._training, 1, 0) != 0)
                throw new ExBurnException("The model is in use by another training run.", ErrorCode.Busy);
            _model = model;
        }

        public void Dispose() => Volatile.Write(ref _model._training, 0);
    }
}
