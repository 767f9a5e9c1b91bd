using ExBurn.Tests.Support;

namespace ExBurn.Tests.Data;

/// <summary>
/// Shows an image as training sees it: a linear layer with weights 0 and the target 1 has the gradient 2 (0 - 1) x of the squared error, so one step at
/// rate 1/2 makes the weights x.
/// </summary>
internal static class InTraining
{
    public static float[] Of(byte[] file, int seed, ImageOptions options)
    {
        using var folder = new TemporaryFolder();
        using var images = ImageFolder.FromFiles([folder.Write("a.png", file)], [0], null, options);
        using var data = images.Data.OneHot(1);
        var size = checked((int)data.InputShapes[0].WithoutFirst().ElementCount);
        using var model = new Sequential(new Flatten(), new Linear(size, 1) { Bias = false, Name = "x" });
        model.Compile(new SGD(0.5), Loss.MeanSquaredError(), inputShape: data.InputShapes[0].WithoutFirst());
        model.SetState(new Dictionary<string, TensorData> { ["x.weight"] = new(new TensorView(new float[size], [1, size])) });
        new Trainer(model).Fit(data, new() { Seed = seed });
        return model.GetState()["x.weight"].ToSingles();
    }
}
