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
        { Loss.NegativeLogLikelihood([1, 2]), """{"type":"NLL","config":{"reduction":"mean","weight":[1,2],"ignore_index":-100}}""" },
        { Loss.BinaryCrossEntropy(), """{"type":"BCE","config":{"reduction":"mean","weight":null}}""" },
        { Loss.BinaryCrossEntropyWithLogits([2]), """{"type":"BCEWithLogits","config":{"reduction":"mean","pos_weight":[2],"weight":null}}""" },
        { Loss.MeanAbsoluteError(), """{"type":"L1","config":{"reduction":"mean"}}""" },
        { Loss.SmoothL1(0.5), """{"type":"SmoothL1","config":{"reduction":"mean","beta":0.5}}""" },
        { Loss.Huber(2), """{"type":"Huber","config":{"reduction":"mean","delta":2}}""" },
        { Loss.LogCosh(), """{"type":"LogCosh","config":{"reduction":"mean"}}""" },
        {
            Loss.KullbackLeibler(logTarget: true) with { Reduction = Reduction.BatchMean },
            """{"type":"KLDiv","config":{"reduction":"batchmean","log_target":true}}"""
        },
        { Loss.Poisson(), """{"type":"PoissonNLL","config":{"reduction":"mean","log_input":true,"full":false,"eps":1E-08}}""" },
        { Loss.Gaussian(), """{"type":"GaussianNLL","config":{"reduction":"mean","full":false,"eps":1E-06}}""" },
        { Loss.MarginRanking(0.3), """{"type":"MarginRanking","config":{"reduction":"mean","margin":0.3}}""" },
        { Loss.HingeEmbedding(), """{"type":"HingeEmbedding","config":{"reduction":"mean","margin":1}}""" },
        { Loss.SoftMargin(), """{"type":"SoftMargin","config":{"reduction":"mean"}}""" },
        { Loss.CosineEmbedding(), """{"type":"CosineEmbedding","config":{"reduction":"mean","margin":0}}""" },
        { Loss.TripletMargin(), """{"type":"TripletMargin","config":{"reduction":"mean","margin":1,"p":2,"eps":1E-06,"swap":false}}""" },
        { Loss.MultiMargin(), """{"type":"MultiMargin","config":{"reduction":"mean","p":1,"margin":1,"weight":null}}""" },
        { Loss.MultiLabelMargin(), """{"type":"MultiLabelMargin","config":{"reduction":"mean"}}""" },
        { Loss.MultiLabelSoftMargin(), """{"type":"MultiLabelSoftMargin","config":{"reduction":"mean","weight":null}}""" },
        { Loss.Ctc(batchFirst: true), """{"type":"CTC","config":{"reduction":"mean","blank":0,"zero_infinity":false,"batch_first":true}}""" },
        { Loss.Focal(1), """{"type":"Focal","config":{"reduction":"mean","gamma":1,"alpha":null}}""" },
        { Loss.BinaryFocal(), """{"type":"BinaryFocal","config":{"reduction":"mean","gamma":2,"alpha":0.25}}""" },
        { Loss.Dice(DiceActivation.Sigmoid), """{"type":"Dice","config":{"reduction":"mean","activation":"sigmoid","smooth":1}}""" },
        { Loss.GeneralizedBoxIoU(), """{"type":"GeneralizedBoxIoU","config":{"reduction":"mean","eps":1E-07}}""" },
        { Loss.DistanceBoxIoU() with { Reduction = Reduction.Sum }, """{"type":"DistanceBoxIoU","config":{"reduction":"sum","eps":1E-07}}""" },
        { Loss.CompleteBoxIoU() with { Eps = 0.5 }, """{"type":"CompleteBoxIoU","config":{"reduction":"mean","eps":0.5}}""" },
    };

    [Fact]
    public void The_core_knows_every_loss()
    {
        foreach (var loss in Descriptions.Select(row => (Loss)row[0]))
        {
            using var model = new Sequential(new Linear(2, 2));
            model.Compile(new SGD(0.1), loss);
        }
    }

    [Fact]
    public void Only_a_divergence_has_a_batch_mean()
        => Assert.Throws<ArgumentException>(() => Loss.Huber() with { Reduction = Reduction.BatchMean });

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
