namespace ExBurn.Tests.Layers;

/// <summary>What each layer sends to the core: PyTorch's option names, and PyTorch's defaults where nothing is set.</summary>
public sealed partial class LayerDescriptionTests
{
    /// <summary>All families; a family's file in this folder holds its own.</summary>
    public static TheoryData<Layer, string> Descriptions
    {
        get
        {
            var all = new TheoryData<Layer, string>();
            foreach (var (layer, json) in new (Layer, string)[][] { Basic, Elementwise, Norms, Sequence }.SelectMany(family => family))
                all.Add(layer, json);
            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Descriptions), DisableDiscoveryEnumeration = true)]
    public void A_layer_sends_PyTorchs_options(Layer layer, string json) => Assert.Equal(json, layer.ToJson());

    [Fact]
    public void Every_layer_has_a_pinned_description()
    {
        var pinned = Descriptions.Select(row => ((object[])row)[0].GetType()).ToHashSet();
        Assert.DoesNotContain(typeof(Layer).Assembly.GetTypes(), type => type.IsSubclassOf(typeof(Layer)) && !type.IsSubclassOf(typeof(CustomLayer)) && type.IsPublic && !type.IsAbstract && !pinned.Contains(type));
    }

    [Fact]
    public void Layers_are_values()
    {
        Assert.Equal(new Conv2d(1, 8, 3) { Padding = 1 }, new Conv2d(1, 8, (3, 3)) { Padding = (1, 1) });
        Assert.NotEqual(new Linear(2, 3), new Linear(2, 3) { Name = "head" });
        Assert.Equal(new LayerNorm([3, 4]), new LayerNorm([3, 4]));
        Assert.Equal(new Linear(2, 4), new Linear(2, 3) with { OutFeatures = 4 });
    }

    [Fact]
    public void A_layer_reads_as_in_PyTorch()
        => Assert.Equal("Linear(in_features=784, out_features=256, bias=true)", new Linear(784, 256).ToString());
}
