namespace ExBurn.Models.Zoo;

/// <summary>LeNet-5 (LeCun et al., 1998) in today's form: ReLU and max pooling.</summary>
public static class LeNet
{
    /// <summary>61,706 parameters for 10 classes. Input <c>image</c> [N, 1, 28, 28]; output <c>logits</c> [N, classes].</summary>
    /// <param name="classes">Number of classes.</param>
    public static GraphModel Create(int classes = 10)
    {
        var g = new Graph();
        var x = g.Input("image", 1, 28, 28)
            .Apply(new Conv2d(1, 6, 5) { Padding = 2 }, "conv1").Apply(new ReLU()).Apply(new MaxPool2d(2))
            .Apply(new Conv2d(6, 16, 5), "conv2").Apply(new ReLU()).Apply(new MaxPool2d(2))
            .Flatten()
            .Apply(new Linear(400, 120), "fc1").Apply(new ReLU())
            .Apply(new Linear(120, 84), "fc2").Apply(new ReLU());
        return g.Build(("logits", x.Apply(new Linear(84, classes), "fc3")));
    }
}
