namespace ExBurn.Tests.Losses;

public sealed class LossDescriptionTests
{
    public static TheoryData<Loss, string> Descriptions => new()
    {
        { Loss.CrossEntropy(), """{"type":"CrossEntropy","config":{"reduction":"mean","weight":null,"label_smoothing":0,"ignore_index":-100}}""" },
        {
            Loss.CrossEntropy(labelSmoothing: 0.1, weight: [0.5, 2]) with { Reduction = Reduction.Sum, IgnoreIndex = 0 },
            """{"type":"CrossEntropy","config":{"reduction":"sum","weight":[0.5,2],"label_smoothing":0.1,"ignore_index":0}}"""
        },
        { Loss.MeanSquaredError(), """{"type":"MSE","config":{"reduction":"mean"}}""" },
        { Loss.MeanSquaredError() with { Reduction = Reduction.Sum }, """{"type":"MSE","config":{"reduction":"sum"}}""" },
    };

    [Theory]
    [MemberData(nameof(Descriptions), DisableDiscoveryEnumeration = true)]
    public void A_loss_sends_PyTorchs_options(Loss loss, string json) => Assert.Equal(json, loss.ToJson());

    [Fact]
    public void Losses_are_values()
        => Assert.Equal(Loss.CrossEntropy(weight: [1.0, 2.0]), Loss.CrossEntropy(weight: new[] { 1.0, 2.0 }));

    [Fact]
    public void A_wrong_option_is_named()
        => Assert.Equal("LabelSmoothing", Assert.Throws<ArgumentOutOfRangeException>(() => Loss.CrossEntropy(2)).ParamName);
}
