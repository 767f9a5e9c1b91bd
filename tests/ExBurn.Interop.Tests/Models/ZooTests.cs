using ExBurn.Models.Zoo;
using ExBurn.Tests.Support;

namespace ExBurn.Tests.Models;

/// <summary>Ready models: parameter counts as published (torchvision, Hugging Face, timm), names of their files, output shapes, and that they learn.</summary>
public sealed class ZooTests
{
    private static TensorData Image(params int[] shape) => new(new TensorView(new float[shape.Aggregate(1, (a, b) => a * b)], shape));

    private static TensorData Tokens(params int[] shape) => new(new TensorView(new int[shape.Aggregate(1, (a, b) => a * b)], shape));

    public static TheoryData<string, long> Counts => new()
    {
        { "LeNet", 61_706 },
        { "ResNet18", 11_689_512 },
        { "ResNet34", 21_797_672 },
        { "ResNet50", 25_557_032 },
        { "MobileNetV2", 3_504_872 },
        { "VGG11", 132_863_336 },
        { "VGG16", 138_357_544 },
        { "EfficientNetB0", 5_288_548 },
        { "ViTSmall", 22_050_664 },
        { "UNet", 31_037_698 },
        { "GPT2Small", 124_439_808 },
        { "BERTBase", 109_482_240 },
    };

    private static GraphModel Make(string name) => name switch
    {
        "LeNet" => LeNet.Create(),
        "ResNet18" => ResNet.ResNet18(),
        "ResNet34" => ResNet.ResNet34(),
        "ResNet50" => ResNet.ResNet50(),
        "MobileNetV2" => MobileNetV2.Create(),
        "VGG11" => VGG.VGG11(),
        "VGG16" => VGG.VGG16(),
        "EfficientNetB0" => EfficientNet.B0(),
        "ViTSmall" => VisionTransformer.Small(),
        "UNet" => UNet.Create(),
        "GPT2Small" => GPT2.Small(),
        "BERTBase" => BERT.Base(),
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };

    /// <summary>The counts are the published ones, and a forward pass gives the output's shape.</summary>
    [Theory]
    [MemberData(nameof(Counts))]
    public void A_model_has_its_published_size_and_output(string name, long parameters)
    {
        using var model = Make(name);
        model.Build(seed: 1);
        Assert.Equal(parameters, model.Summary().Parameters);
        TensorData[] inputs = name switch
        {
            "LeNet" => [Image(2, 1, 28, 28)],
            "ViTSmall" => [Image(1, 3, 224, 224)],
            "GPT2Small" => [Tokens(1, 8)],
            "BERTBase" => [Tokens(1, 8), Tokens(1, 8), Image(1, 8)],
            "UNet" => [Image(1, 3, 32, 48)],
            _ => [Image(1, 3, 64, 64)],
        };
        var outputs = model.Predict(inputs);
        Shape[] expected = name switch
        {
            "LeNet" => [[2, 10]],
            "UNet" => [[1, 2, 32, 48]],
            "GPT2Small" => [[1, 8, 50257]],
            "BERTBase" => [[1, 8, 768], [1, 768]],
            _ => [[1, 1000]],
        };
        Assert.Equal(expected, outputs.Select(output => output.Shape));
        Assert.All(outputs, output => Assert.All(output.ToSingles(), value => Assert.True(float.IsFinite(value))));
    }

    /// <summary>Names as state_dict has them, each with its shape: one from every part of the model.</summary>
    [Theory]
    [InlineData("ResNet18", "conv1.weight", "64,3,7,7")]
    [InlineData("ResNet18", "layer2.0.downsample.1.running_mean", "128")]
    [InlineData("ResNet18", "layer4.1.bn2.num_batches_tracked", "")]
    [InlineData("ResNet18", "fc.bias", "1000")]
    [InlineData("ResNet50", "layer1.0.conv3.weight", "256,64,1,1")]
    [InlineData("MobileNetV2", "features.1.conv.0.0.weight", "32,1,3,3")]
    [InlineData("MobileNetV2", "features.1.conv.2.weight", "16")]
    [InlineData("MobileNetV2", "features.2.conv.1.0.weight", "96,1,3,3")]
    [InlineData("MobileNetV2", "features.2.conv.3.running_var", "24")]
    [InlineData("MobileNetV2", "features.18.0.weight", "1280,320,1,1")]
    [InlineData("MobileNetV2", "classifier.1.weight", "1000,1280")]
    [InlineData("VGG16", "features.28.weight", "512,512,3,3")]
    [InlineData("VGG16", "classifier.6.weight", "1000,4096")]
    [InlineData("EfficientNetB0", "features.0.0.weight", "32,3,3,3")]
    [InlineData("EfficientNetB0", "features.1.0.block.1.fc1.weight", "8,32,1,1")]
    [InlineData("EfficientNetB0", "features.2.0.block.0.0.weight", "96,16,1,1")]
    [InlineData("EfficientNetB0", "features.2.0.block.2.fc2.bias", "96")]
    [InlineData("EfficientNetB0", "features.2.0.block.3.1.weight", "24")]
    [InlineData("EfficientNetB0", "classifier.1.bias", "1000")]
    [InlineData("ViTSmall", "class_token", "1,1,384")]
    [InlineData("ViTSmall", "encoder.pos_embedding", "1,197,384")]
    [InlineData("ViTSmall", "encoder.layers.encoder_layer_11.self_attention.in_proj_weight", "1152,384")]
    [InlineData("ViTSmall", "encoder.layers.encoder_layer_0.mlp.3.weight", "384,1536")]
    [InlineData("ViTSmall", "heads.head.weight", "1000,384")]
    [InlineData("UNet", "down1.maxpool_conv.1.double_conv.0.weight", "128,64,3,3")]
    [InlineData("UNet", "up1.up.weight", "1024,512,2,2")]
    [InlineData("UNet", "up4.conv.double_conv.4.weight", "64")]
    [InlineData("UNet", "outc.conv.bias", "2")]
    [InlineData("GPT2Small", "transformer.wte.weight", "50257,768")]
    [InlineData("GPT2Small", "transformer.wpe.weight", "1024,768")]
    [InlineData("GPT2Small", "transformer.h.0.attn.c_attn.weight", "768,2304")]
    [InlineData("GPT2Small", "transformer.h.11.mlp.c_proj.bias", "768")]
    [InlineData("GPT2Small", "transformer.ln_f.weight", "768")]
    [InlineData("BERTBase", "embeddings.word_embeddings.weight", "30522,768")]
    [InlineData("BERTBase", "embeddings.position_embeddings.weight", "512,768")]
    [InlineData("BERTBase", "encoder.layer.0.attention.self.query.weight", "768,768")]
    [InlineData("BERTBase", "encoder.layer.11.attention.output.LayerNorm.bias", "768")]
    [InlineData("BERTBase", "encoder.layer.3.intermediate.dense.weight", "3072,768")]
    [InlineData("BERTBase", "pooler.dense.bias", "768")]
    public void A_models_state_has_the_names_of_its_origin(string name, string entry, string shape)
    {
        var state = States.GetOrAdd(name, one =>
        {
            using var model = Make(one);
            model.Build(seed: 1);
            return model.ListState().ToDictionary(line => line.Name, line => string.Join(",", line.Shape));
        });
        Assert.True(state.TryGetValue(entry, out var found), $"{entry} is missing; there are {string.Join(", ", state.Keys.Take(12))}");
        Assert.Equal(shape, found);
    }

    private static readonly System.Collections.Concurrent.ConcurrentDictionary<string, Dictionary<string, string>> States = new();

    /// <summary>What comes later does not change what a language model says before.</summary>
    [Fact]
    public void GPT2_does_not_look_ahead()
    {
        using var model = GPT2.Small(vocabulary: 11, context: 8, width: 16, layers: 2, heads: 4);
        model.Build(seed: 3, dtype: DType.Float64);
        double[] Logits(params int[] tokens) => model.Predict([new TensorData(new TensorView(tokens, [1, tokens.Length]))])[0].ToDoubles();
        var (a, b) = (Logits(1, 2, 3, 4), Logits(1, 2, 9, 7));
        Assert.Equal(a.Take(22), b.Take(22));
        Assert.NotEqual(a.Skip(22).Take(11), b.Skip(22).Take(11));
        Close.Check(a.Take(22).ToArray(), Logits(1, 2), 1e-12, 1e-14, "shorter");
    }

    /// <summary>Padding that the mask excludes does not change the tokens before it.</summary>
    [Fact]
    public void BERT_does_not_see_padding()
    {
        using var model = BERT.Base(vocabulary: 13, context: 8, width: 16, layers: 2, heads: 4);
        model.Build(seed: 3, dtype: DType.Float64);
        TensorData Ints(params int[] values) => new(new TensorView(values, [1, values.Length]));
        double[] Hidden(TensorData tokens, params double[] mask)
            => model.Predict([tokens, Ints(new int[mask.Length]), new TensorData(new TensorView(mask, [1, mask.Length]))])[0].ToDoubles();
        Close.Check(Hidden(Ints(5, 6, 7), 1, 1, 1), Hidden(Ints(5, 6, 7, 12, 3), 1, 1, 1, 0, 0).Take(48).ToArray(), 1e-12, 1e-14, "tokens");
    }

    /// <summary>Real digits, a few epochs: far better than chance, which is 0.1.</summary>
    [Fact]
    public void A_ready_model_trains()
    {
        using var model = LeNet.Create();
        model.Compile(new Adam(1e-3), Loss.CrossEntropy(), [Metric.Accuracy()], seed: 2);
        using var digits = Mnist.Load(Folders.MnistSubset).Train.ToDataset(MnistLayout.Image);
        var history = new Trainer(model).Fit(digits, new() { Epochs = 4, BatchSize = 32 });
        Assert.True(history.Epochs[^1].Metrics["accuracy"] > 0.8, history.Epochs[^1].ToString());
    }
}
