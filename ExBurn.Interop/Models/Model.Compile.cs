using ExBurn.Native;

namespace ExBurn;

public abstract partial class Model
{
    /// <summary>
    /// Says how the model learns, and builds it where it is not built: infers and checks all shapes, draws the weights.
    /// Compiling again gives it another optimizer, loss, device, input shape or type and keeps the weights and what is frozen;
    /// the optimizer's state starts anew.
    /// </summary>
    /// <param name="optimizer">How gradients change the parameters.</param>
    /// <param name="loss">What is made small.</param>
    /// <param name="metrics">Numbers measured beside the loss; their names must differ.</param>
    /// <param name="device">Where to live. Default: where the model is, at first <see cref="Device.Cpu"/>. Another device moves the weights.</param>
    /// <param name="inputShape">Shape of one sample, without the batch dimension, -1 where unknown. It lets shape errors show here
    /// rather than at the first batch, and <see cref="Summary"/> show output shapes. Default: unknown.</param>
    /// <param name="seed">Fixes the weights, and by default shuffling and dropout, when the model is built. Default: drawn at random,
    /// see <see cref="Seed"/>. A model that is already built keeps its weights.</param>
    /// <param name="dtype">Type to compute in. Default: as before, at first <see cref="DType.Float32"/>.</param>
    /// <exception cref="ShapeMismatchException">A layer cannot take the shape it gets; the exception names it.</exception>
    /// <exception cref="DeviceException">The device cannot be opened.</exception>
    /// <exception cref="ArgumentException">An option is wrong, or two metrics have the same name.</exception>
    public void Compile(
        Optimizer optimizer,
        Loss loss,
        IReadOnlyList<Metric>? metrics = null,
        Device? device = null,
        Shape? inputShape = null,
        long? seed = null,
        DType? dtype = null)
        => Compile(optimizer, [Check.NotNull(loss, nameof(loss))], metrics, device, inputShape, seed, dtype);

    /// <summary>
    /// As the other form, for a model with several outputs: the sum of the losses, each times its <see cref="Loss.LossWeight"/>, is made small.
    /// The first loss is for the first output, and so on, or each says its <see cref="Loss.Output"/>; they take the data's targets in this order.
    /// An output may have no loss, or several.
    /// </summary>
    /// <inheritdoc cref="Compile(Optimizer, Loss, IReadOnlyList{Metric}, Device, Shape?, long?, DType?)" path="/param|/exception"/>
    public void Compile(
        Optimizer optimizer,
        IReadOnlyList<Loss> losses,
        IReadOnlyList<Metric>? metrics = null,
        Device? device = null,
        Shape? inputShape = null,
        long? seed = null,
        DType? dtype = null)
    {
        Check.NotNull(optimizer, nameof(optimizer));
        Loss[] minimised = [.. Check.NotNull(losses, nameof(losses)).Select(loss => Check.NotNull(loss, nameof(losses)))];
        if (minimised.Length == 0)
            throw new ArgumentException("At least one loss is needed.", nameof(losses));
        if (minimised.Length > OutputNames.Count && minimised.Any(loss => loss.Output is null))
            throw new ArgumentException($"There are {minimised.Length} losses for {OutputNames.Count} output(s); say which Output each judges.", nameof(losses));
        Metric[] measured = [.. metrics ?? []];
        if (measured.Select(metric => Check.NotNull(metric, nameof(metrics)).Name).Distinct().Count() != measured.Length)
            throw new ArgumentException("Two metrics have the same name; set Name on one of them.", nameof(metrics));

        using var claim = ClaimTraining();
        BuildWhereNeeded(device, inputShape, seed, dtype, handle =>
        {
            BurnBridge.Compile(handle, new CompileDescription(minimised, optimizer, measured, OutputNames).ToJson());
            Training = new(minimised, optimizer, measured, OutputNames);
        });
    }

    /// <summary>Builds the model for prediction only: weights, but neither loss nor optimizer.</summary>
    /// <inheritdoc cref="Compile(Optimizer, Loss, IReadOnlyList{Metric}, Device, Shape?, long?, DType?)" path="/param|/exception"/>
    public void Build(Device? device = null, Shape? inputShape = null, long? seed = null, DType? dtype = null)
    {
        using var claim = ClaimTraining();
        BuildWhereNeeded(device, inputShape, seed, dtype, static _ => { });
    }

    /// <summary>Moves parameters, buffers and the optimizer's state to another device. Predictors stay where they are.</summary>
    /// <exception cref="DeviceException">The device cannot be opened, or does not compute in the model's type.</exception>
    public void To(Device device)
    {
        BurnBridge.MoveTo(Handle, Check.NotNull(device, nameof(device)).Open());
        Device = device;
    }

    private void BuildWhereNeeded(Device? device, Shape? inputShape, long? seed, DType? dtype, Action<ModelHandle> finish)
    {
        ThrowIfDisposed();
        var wantedDevice = device ?? Device;
        var wantedShape = inputShape ?? _inputShape;
        var wantedType = dtype ?? DType;
        if (_handle is { } built && wantedType == DType && wantedShape == _inputShape)
        {
            if (wantedDevice != Device)
                To(wantedDevice);
            finish(built);
            return;
        }

        var wantedSeed = _handle is null ? seed ?? NewSeed() : Seed;
        var description = DescribeAdapted(wantedShape);
        var handle = BurnBridge.NewModel(description.ToJson(wantedType), unchecked((ulong)wantedSeed), wantedDevice.Open());
        try
        {
            if (_handle is { } old)
                Carry(old, handle);
            else
                CopyInner(description, handle);
            finish(handle);
        }
        catch
        {
            // The model stays as it was.
            handle.Dispose();
            throw;
        }
        _handle?.Dispose();
        _handle = handle;
        (Device, DType, Seed, _inputShape) = (wantedDevice, wantedType, wantedSeed, wantedShape);
        if (_disposed)
            handle.Dispose();
    }

    /// <summary>Gives a model built anew the weights of the old one, and what is frozen.</summary>
    private static void Carry(ModelHandle from, ModelHandle to)
    {
        BurnBridge.ImportState(to, BurnBridge.ExportState(from), strict: true);
        SetMarks(to, Marks(from));
    }

    /// <summary>What is frozen and what is trained, layers before the parameters in them.</summary>
    private static IReadOnlyList<(string Name, bool Trainable)> Marks(ModelHandle model)
    {
        var layers = ModelSummary.FromJson("", BurnBridge.Summary(model)).Layers.Where(layer => layer.Parameters + layer.Buffers > 0);
        var parameters = StateEntry.ListFromJson(BurnBridge.StateList(model)).Where(entry => entry.Kind == StateKind.Parameter);
        return [.. layers.Select(layer => (layer.Name, !layer.IsFrozen)), .. parameters.Select(entry => (entry.Name, entry.Trainable))];
    }

    private static void SetMarks(ModelHandle model, IEnumerable<(string Name, bool Trainable)> marks)
    {
        foreach (var (name, trainable) in marks)
            BurnBridge.SetTrainable(model, name, trainable);
    }

    /// <summary>Gives a new model the weights of the built models it was put together from.</summary>
    private static void CopyInner(ModelDescription description, ModelHandle to)
    {
        foreach (var (prefix, inner) in description.InnerModels)
            if (inner.IsBuilt)
                BurnBridge.ImportState(to, SafeTensors.Write(inner.GetState().ToDictionary(entry => prefix + entry.Key, entry => entry.Value)), strict: false);
    }

    private static long NewSeed() => BitConverter.ToInt64(Guid.NewGuid().ToByteArray(), 0) & long.MaxValue;
}
