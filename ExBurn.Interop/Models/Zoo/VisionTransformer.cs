namespace ExBurn.Models.Zoo;

/// <summary>Vision transformer (Dosovitskiy et al., 2020) with the names of <c>torchvision.models.VisionTransformer</c>.</summary>
public static class VisionTransformer
{
    /// <summary>
    /// The small model: 22,050,664 parameters for 1000 classes, images of 224 and patches of 16. Input <c>image</c> [N, 3, size, size];
    /// output <c>logits</c> [N, classes].
    /// </summary>
    /// <param name="classes">Number of classes.</param>
    /// <param name="imageSize">Height and width of the image; a multiple of <paramref name="patchSize"/>.</param>
    /// <param name="patchSize">Height and width of a patch.</param>
    /// <param name="width">Size of the model; a multiple of <paramref name="heads"/>.</param>
    /// <param name="layers">Number of layers.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="dropout">Probability of every dropout.</param>
    /// <exception cref="ArgumentException"><paramref name="imageSize"/> is no multiple of <paramref name="patchSize"/>.</exception>
    public static GraphModel Small(
        int classes = 1000, int imageSize = 224, int patchSize = 16, int width = 384, int layers = 12, int heads = 6, double dropout = 0)
    {
        if (imageSize % patchSize != 0)
            throw new ArgumentException($"An image of {imageSize} does not divide into patches of {patchSize}.", nameof(imageSize));
        var patches = imageSize / patchSize * (imageSize / patchSize);
        var g = new Graph();
        var x = g.Input("image", 3, imageSize, imageSize)
            .Apply(new Conv2d(3, width, patchSize) { Stride = patchSize }, "conv_proj")
            .Flatten(2).Transpose(1, 2);
        // The class token once per image: a patch times zero has the batch's size.
        var token = (x.Slice(1, 0, 1) * 0) + g.Parameter("class_token", [1, 1, width]);
        x = Node.Concat(1, token, x) + g.Parameter("encoder.pos_embedding", [1, patches + 1, width], Initializer.Normal(0, 0.02));
        x = x.Apply(new Dropout(dropout));
        for (var i = 0; i < layers; i++)
            x = x.Apply(new EncoderLayer(width, heads, dropout), FormattableString.Invariant($"encoder.layers.encoder_layer_{i}"));
        x = x.Apply(Norm(width), "encoder.ln").Select(1, 0);
        return g.Build(("logits", x.Apply(new Linear(width, classes), "heads.head")));
    }

    private static LayerNorm Norm(int width) => new([width]) { Eps = 1e-6 };

    private sealed record EncoderLayer(int Width, int Heads, double Dropout) : CustomLayer
    {
        protected override Node Forward(Node input)
        {
            var attention = new MultiheadAttention(Width, Heads) { Dropout = Dropout, BatchFirst = true, SelfAttention = true };
            var x = input + input.Apply(Norm(Width), "ln_1").Apply(attention, "self_attention").Apply(new Dropout(Dropout));
            return x + x.Apply(Norm(Width), "ln_2").Apply(
                new Block(new Linear(Width, 4 * Width), new GELU(), new Dropout(Dropout), new Linear(4 * Width, Width), new Dropout(Dropout)), "mlp");
        }
    }
}
