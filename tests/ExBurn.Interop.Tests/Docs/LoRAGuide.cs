using ExBurn.Models.Zoo;

namespace ExBurn.Tests.Docs;

/// <summary>The blocks of docs/lora.md, word for word.</summary>
[Collection("current directory")]
public sealed class LoRAGuide
{
    [Fact]
    public void Everything_the_text_shows_works() => InOwnFolder.Run(_ =>
    {
        using var model = BERT.Base(vocabulary: 20, context: 8, width: 8, layers: 1, heads: 2, dropout: 0);
        model.Build(seed: 1);

        int adapted = model.AddLoRA("*.query", rank: 8, alpha: 16, dropout: 0.05) + model.AddLoRA("*.value", rank: 8, alpha: 16, dropout: 0.05);
        Console.WriteLine($"{adapted} layers, {model.Summary().TrainableParameters} of {model.Summary().Parameters} numbers train");

        model.SaveLoRA("adapters.safetensors");
        model.LoadLoRA("adapters.safetensors");

        model.MergeLoRA();
        model.Save("merged.safetensors");

        Assert.Equal(2, adapted);
        Assert.True(File.Exists("merged.safetensors"));
    });
}
