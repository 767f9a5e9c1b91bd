namespace ExBurn.Samples.Mnist;

/// <summary>The two networks. Inputs are standardised pixels, outputs the scores (logits) of the ten digits.</summary>
internal static class Networks
{
    public static Sequential Create(string name) => name == "cnn" ? Cnn() : Mlp();

    public static MnistLayout Layout(string name) => name == "cnn" ? MnistLayout.Image : MnistLayout.Flat;

    private static Sequential Mlp() => new(
        new Linear(784, 256),
        new ReLU(),
        new Linear(256, 128),
        new ReLU(),
        new Linear(128, 10));

    // The network of PyTorch's MNIST example.
    private static Sequential Cnn() => new(
        new Conv2d(1, 32, 3),
        new ReLU(),
        new Conv2d(32, 64, 3),
        new ReLU(),
        new MaxPool2d(2),
        new Dropout(0.25),
        new Flatten(),
        new Linear(9216, 128),
        new ReLU(),
        new Dropout(0.5),
        new Linear(128, 10));
}
