using ExBurn.Native;

namespace ExBurn;

public abstract partial class Model
{
    /// <summary>
    /// In which floating-point type layers compute in prediction and evaluation; training has <see cref="FitOptions.Precision"/>. Predictors made before keep
    /// theirs. Default <see cref="Precision.Float32"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">The model is not built.</exception>
    /// <exception cref="DTypeException">The model is not of <see cref="DType.Float32"/>, or its device does not have the type.</exception>
    public Precision InferencePrecision
    {
        get;
        set
        {
            BurnBridge.SetInferencePrecision(Handle, Precisions.Checked(value));
            field = value;
        }
    }

    /// <summary>
    /// Stores the parameters in a floating-point type of 16 bits: each number is rounded to it, and they take half the memory of
    /// <see cref="DType.Float32"/>. Layers get them in the model's type again, so that computing is as exact as before; <see cref="InferencePrecision"/> is for
    /// computing in 16 bits. Running statistics keep the model's type. Parameters of 16 bits cannot be trained unless they are frozen;
    /// <c>Quantize(model.DType)</c> makes them trainable again. The optimizer's state and averaged weights are dropped.
    /// </summary>
    /// <param name="dtype"><see cref="DType.Float16"/>, <see cref="DType.BFloat16"/>, or the model's own type.</param>
    /// <exception cref="InvalidOperationException">The model is not built.</exception>
    /// <exception cref="ArgumentException">The averaged weights are in place.</exception>
    /// <exception cref="DTypeException">It is another type, or one that the device does not have.</exception>
    public void Quantize(DType dtype)
    {
        var handle = Handle;
        if (dtype != DType && !dtype.IsHalf())
            throw new DTypeException($"parameters are stored as Float16, BFloat16 or the model's {DType}, not {dtype}");
        using var claim = ClaimTraining();
        BurnBridge.Quantize(handle, Precisions.Half(dtype));
    }
}
